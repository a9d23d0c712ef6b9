//go:build unix

package juggler

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe among the static files is none, and nobody waits for its other end.
func TestStaticPipe(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Skip(err)
	}
	s := serve(t, &ServerOptions{Static: folder})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	url := strings.TrimSuffix(strings.Replace(s.URL(), "ws://", "http://", 1), "/ws") + "/pipe"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Error(response.Status)
	}
}
