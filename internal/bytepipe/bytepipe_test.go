package bytepipe

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// What goes in at one end comes out at the other, however it is cut.
func TestPair(t *testing.T) {
	a, b := Pair(100)
	rng := rand.New(rand.NewPCG(1, 2))
	want := make([]byte, 100_000)
	for i := range want {
		want[i] = byte(rng.Uint32())
	}
	go func() {
		for rest := want; len(rest) > 0; {
			n := min(1+rng.IntN(300), len(rest))
			a.Write(rest[:n])
			rest = rest[n:]
		}
		a.CloseWrite()
	}()
	got, err := io.ReadAll(iotest.HalfReader(b))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
	if _, err := b.Write([]byte("back")); err != nil {
		t.Error(err)
	}
	b.Close()
	if got, err := io.ReadAll(a); string(got) != "back" || err != nil {
		t.Errorf("%q, %v after the other end was closed", got, err)
	}
	if _, err := a.Write([]byte("x")); err != net.ErrClosed {
		t.Errorf("a write after CloseWrite: %v", err)
	}
	c, d := Pair(100)
	d.Close()
	if _, err := c.Write([]byte("x")); err != io.ErrClosedPipe {
		t.Errorf("a write to a closed end: %v", err)
	}
}

func TestLoop(t *testing.T) {
	e := Loop(10)
	e.Write([]byte("hi"))
	e.CloseWrite()
	if got, err := io.ReadAll(e); string(got) != "hi" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBlocksWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(4)
		written := -1
		go func() { written, _ = a.Write([]byte("123456")) }()
		synctest.Wait()
		if written != -1 {
			t.Fatal("the write did not wait")
		}
		b.Read(make([]byte, 2))
		synctest.Wait()
		if written != 6 {
			t.Errorf("%d bytes written", written)
		}
	})
}

// Nothing is read and written at once, and a write that waits for a reader ends with
// that.
func TestEmptyAndAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(4)
		if n, err := a.Read(nil); n != 0 || err != nil {
			t.Errorf("Read: %d, %v", n, err)
		}
		a.Write([]byte("full"))
		if n, err := a.Write(nil); n != 0 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		var n int
		var err error
		go func() { n, err = a.Write([]byte("more")) }()
		synctest.Wait()
		b.Close()
		synctest.Wait()
		if n != 0 || err != io.ErrClosedPipe {
			t.Errorf("Write to an end that was closed: %d, %v", n, err)
		}
		a.Close()
		if n, err := b.Read(make([]byte, 4)); n != 0 || err != net.ErrClosed {
			t.Errorf("Read from an end that was closed: %d, %v", n, err)
		}
	})
}

func TestCloseInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(4)
		errs := make(chan error, 2)
		go func() { _, err := a.Read(make([]byte, 1)); errs <- err }()
		go func() { _, err := a.Write(make([]byte, 10)); errs <- err }()
		synctest.Wait()
		a.Close()
		for range 2 {
			if err := <-errs; err != net.ErrClosed {
				t.Errorf("got %v", err)
			}
		}
		b.Close()
	})
}
