package juggler

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"testing"
	"time"

	"github.com/chancat/channel/internal/peertest"
)

// A page in a real browser shows each state of the server. It is left to
// .ci/peers, which installs the browser.
func TestInteropBrowser(t *testing.T) {
	if os.Getenv("CHANCAT_BROWSER") == "" {
		t.Skip("run by .ci/peers, which sets CHANCAT_BROWSER")
	}
	modules := nodeModules(t)
	browser := peertest.Need(t, "chromium")[0]
	page, err := os.ReadFile("testdata/peers/page.html")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/index.html", page, 0o600); err != nil {
		t.Fatal(err)
	}
	shared := NewState()
	shown := make(chan string, 1)
	s := serve(t, &ServerOptions{
		State: shared, Static: dir, Autoflush: FlushEachChange,
		Routes: map[string]http.Handler{"/modules/": http.StripPrefix("/modules/", http.FileServer(http.Dir(modules)))},
		OnRequest: func(_ context.Context, _ *Connection, _ string, data json.RawMessage) (any, error) {
			var text string
			if err := json.Unmarshal(data, &text); err != nil {
				return nil, err
			}
			shown <- text
			return nil, nil
		},
	})
	profile, err := os.MkdirTemp("", "browser") // not t.TempDir: its children may write a little longer
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--remote-debugging-port=0", "--user-data-dir="+profile, "http://"+s.Addr().String()+"/")
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		cmd.Wait() // it was killed
	}()
	r := rand.New(rand.NewPCG(5, 6))
	state := any(map[string]any{"first": true})
	for i := range 100 {
		if err := shared.Set(json.RawMessage(appendValue(nil, state))); err != nil {
			t.Fatal(err)
		}
		var got, want any
		json.Unmarshal(appendValue(nil, state), &want)
		select {
		case text := <-shown:
			if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("state %d: the page shows %s, want %v", i, text, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("state %d: the page shows nothing", i)
		}
		for next := state; ; {
			if next = mutated(r, next, 4); next != nil && len(diff(state, next)) > 0 {
				state = next
				break
			}
		}
	}
}
