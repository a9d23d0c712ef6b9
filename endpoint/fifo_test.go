//go:build unix

package endpoint

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	l := listen(t, "fifo:"+path, nil)
	if st, err := os.Stat(path); err != nil || st.Mode().Type() != os.ModeNamedPipe || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", st, err)
	}
	for _, text := range []string{"first", "second"} { // one writer after another
		go func() {
			// As a shell's redirection does, this open waits for the reader.
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(f, text)
			f.Close()
		}()
		within(t, text, func() {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := io.ReadAll(c.Stream); string(got) != text || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			if _, err := c.Stream.Write([]byte("x")); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("Write: %v, want ErrUnsupported", err)
			}
			c.Close()
			c.Close()
		})
	}
	l.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the pipe that Listen made is still there: %v", err)
	}
}

func TestFIFODial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Dial(t.Context(), "fifo:"+path, nil)
	if !errors.Is(err, syscall.ENXIO) || !strings.Contains(err.Error(), "nothing reads from the pipe") {
		t.Errorf("without a reader: %v", err)
	}
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := dial(t, "fifo:"+path, nil)
	eof := make(chan error, 1)
	go func() { _, err := c.Stream.Read(make([]byte, 1)); eof <- err }()
	io.WriteString(c.Stream, "hello")
	select {
	case err := <-eof:
		t.Errorf("Read of a pipe that is only written: %v before CloseWrite", err)
	default:
	}
	c.CloseWrite()
	if err := <-eof; err != io.EOF {
		t.Errorf("Read after CloseWrite: %v, want io.EOF", err)
	}
	if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	l := listen(t, "fifo:"+path, nil)
	l.Close()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("Listen removed a pipe that it did not make: %v", err)
	}
}

// The second connection waits until the first is closed.
func TestFIFOOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	l := listen(t, "fifo:"+path, nil)
	accepted := make(chan *Conn)
	go func() {
		defer close(accepted)
		for range 2 {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			accepted <- c
		}
	}()
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close() // a writer is there all the time
	first := <-accepted
	select {
	case <-accepted:
		t.Fatal("two readers of one pipe")
	case <-time.After(10 * time.Millisecond): // may miss the fault, never invents one
	}
	first.Close()
	within(t, "the second Accept", func() { (<-accepted).Close() })
}

func TestFIFONotAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), "fifo:"+path, nil); !errors.Is(err, errNotFIFO) {
		t.Errorf("Dial: %v", err)
	}
	if _, err := Listen(t.Context(), "fifo:"+path, nil); !errors.Is(err, errNotFIFO) {
		t.Errorf("Listen: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the file holds %q", b)
	}
}

func TestFIFOPairPeerMissing(t *testing.T) {
	dir := t.TempDir()
	a, b := dir+"/a", dir+"/b"
	for _, path := range []string{a, b} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := os.OpenFile(b, os.O_RDONLY|syscall.O_NONBLOCK, 0) // reads, never writes
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	within(t, "Dial", func() {
		_, err := Dial(t.Context(), "fifo:"+a+","+b, &Options{DialTimeout: 50 * time.Millisecond})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "nobody opened the other end") {
			t.Errorf("got %v", err)
		}
	})
}
