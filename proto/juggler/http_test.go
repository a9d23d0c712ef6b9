package juggler

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/socket"
	"github.com/chancat/channel/internal/ws"
)

// usersFile returns an htpasswd file in which me has the password secret, and
// žluť has heslo, hashed otherwise.
func usersFile(t *testing.T) string {
	return file(t, "users", "# a remark\nme:$apr1$salt1234$G61s9lpZAELkzUFCbj/53/\n\nžluť:$2a$05$qTvd2zjK9X1W4PJjsI7qU.UF7bINGvduSLFLy6zkgoxOpDzTPEY6i\n")
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pemFile returns a file with a certificate for 127.0.0.1 and its key.
func pemFile(t *testing.T) string {
	t.Helper()
	certificate, err := socket.SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})...)
	return file(t, "server.pem", string(text))
}

func TestLogin(t *testing.T) {
	s := serve(t, &ServerOptions{Htpasswd: usersFile(t)})
	latin1 := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:secret"))
	for _, l := range []struct {
		user, password, header string
		welcome                bool
	}{
		{"me", "secret", "", true},
		{"me", "secret", "", true}, // from memory
		{"me", "Secret", "", false},
		{"me", "", "", false},
		{"nobody", "secret", "", false},
		{"žluť", "heslo", "", true},
		{"žluť", "secret", "", false},
		{"", "", "", false},
		{"", "", latin1, true},
		{"", "", "Basic !!!", false},
		{"", "", "Bearer x", false},
	} {
		o := &ClientOptions{User: l.user, Password: l.password}
		if l.header != "" {
			o.Header = http.Header{"Authorization": {l.header}}
		}
		c, err := Connect(t.Context(), s.URL(), o)
		if (err == nil) != l.welcome {
			t.Errorf("%+v: %v", l, err)
		}
		if err == nil {
			c.Close()
			continue
		}
		var refused *ws.RefusedError
		if !errors.As(err, &refused) || refused.Status != 401 || refused.Body != "401: Unauthorized" {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestBadUsersFile(t *testing.T) {
	for name, text := range map[string]string{
		"DES":          "me:rqXexS6ZhobKA",
		"plain":        "me:secret",
		"SHA":          "me:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
		"md5crypt":     "me:$1$salt1234$G61s9lpZAELkzUFCbj/53/",
		"argon2":       "me:$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
		"sha512crypt":  "me:$6$salt$hash",
		"no colon":     "me",
		"no name":      ":$apr1$salt1234$G61s9lpZAELkzUFCbj/53/",
		"short bcrypt": "me:$2y$05$abc",
		"short apr1":   "me:$apr1$salt",
		"no hash":      "me:",
	} {
		s, err := Listen(t.Context(), "127.0.0.1:0", &ServerOptions{Htpasswd: file(t, "users", "\n"+text+"\n")})
		if err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
			continue
		}
		if !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "$apr1$salt") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func get(t *testing.T, s *Server, path string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Get("http://" + s.Addr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestStatic(t *testing.T) {
	dir := t.TempDir()
	outside := file(t, "secret", "secret")
	for name, text := range map[string]string{"index.html": "<h1>index</h1>", "sub/a.js": "1"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := serve(t, &ServerOptions{Static: dir, Routes: map[string]http.Handler{
		"/hello": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "route") }),
	}})
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"/", 302, ""},
		{"/index.html", 200, "<h1>index</h1>"},
		{"/sub/a.js", 200, "1"},
		{"/sub", 404, "404: Not Found"},
		{"/sub/", 404, "404: Not Found"},
		{"/nope", 404, "404: Not Found"},
		{"/link", 404, "404: Not Found"},
		{"/%2e%2e/secret", 404, "404: Not Found"},
		{"/sub%2f..%2f..%2fsecret", 404, "404: Not Found"},
		{"/hello", 200, "route"},
		{"/ws", 426, ""},
	} {
		resp, body := get(t, s, c.path)
		if resp.StatusCode != c.status || c.body != "" && body != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.path, resp.StatusCode, body, c.status, c.body)
		}
		if resp.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s may be cached", c.path)
		}
		if c.status == 302 && resp.Header.Get("Location") != "/index.html" {
			t.Errorf("%s leads to %s", c.path, resp.Header.Get("Location"))
		}
	}
	s = serve(t, nil)
	if resp, body := get(t, s, "/"); resp.StatusCode != 404 || body != "404: Not Found" {
		t.Errorf("without files: %d %q", resp.StatusCode, body)
	}
}

func TestUnusableOptions(t *testing.T) {
	for name, o := range map[string]*ServerOptions{
		"static":   {Static: filepath.Join(t.TempDir(), "nope")},
		"htpasswd": {Htpasswd: filepath.Join(t.TempDir(), "nope")},
		"route":    {Routes: map[string]http.Handler{"GET /ws": http.NotFoundHandler()}},
	} {
		if s, err := Listen(t.Context(), "127.0.0.1:0", o); err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := LoadPEM(usersFile(t)); err == nil {
		t.Error("a PEM file without a certificate was accepted")
	}
}

func TestRemote(t *testing.T) {
	local := netip.MustParsePrefix("127.0.0.0/8")
	tens := netip.MustParsePrefix("10.0.0.0/8")
	for _, c := range []struct {
		peer    string
		header  http.Header
		trusted []netip.Prefix
		want    string
	}{
		{"127.0.0.1:5", nil, nil, "127.0.0.1"},
		{"[::1]:5", nil, nil, "::1"},
		{"127.0.0.1:5", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, nil, "127.0.0.1"},
		{"127.0.0.1:5", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, []netip.Prefix{tens}, "127.0.0.1"},
		{"127.0.0.1:5", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, []netip.Prefix{local}, "1.2.3.4"},
		{"127.0.0.1:5", http.Header{"X-Forwarded-For": {"6.6.6.6, 1.2.3.4, 10.1.1.1"}}, []netip.Prefix{local, tens}, "1.2.3.4"},
		{"127.0.0.1:5", http.Header{"X-Forwarded-For": {"nonsense"}}, []netip.Prefix{local}, "127.0.0.1"},
		{"127.0.0.1:5", http.Header{"Forwarded": {`for="[2001:db8::1]:4711";proto=http, FOR=10.0.0.1`}}, []netip.Prefix{local, tens}, "2001:db8::1"},
		{"127.0.0.1:5", http.Header{"Forwarded": {"for=_hidden"}}, []netip.Prefix{local}, "127.0.0.1"},
		{"127.0.0.1:5", http.Header{"Forwarded": {"for=1.2.3.4"}, "X-Forwarded-For": {"6.6.6.6"}}, []netip.Prefix{local}, "1.2.3.4"},
	} {
		if got := remote(&http.Request{RemoteAddr: c.peer, Header: c.header}, c.trusted); got != c.want {
			t.Errorf("%s %v: got %s, want %s", c.peer, c.header, got, c.want)
		}
	}
}

func TestOrigin(t *testing.T) {
	s := serve(t, &ServerOptions{Origins: []string{"friend.example"}})
	host := s.Addr().String()
	for origin, welcome := range map[string]bool{
		"http://" + host: true, "http://friend.example": true, "http://evil.example": false, "null": false,
	} {
		c, err := Connect(t.Context(), s.URL(), &ClientOptions{Header: http.Header{"Origin": {origin}}})
		if (err == nil) != welcome {
			t.Errorf("%s: %v", origin, err)
		}
		if err == nil {
			c.Close()
		}
	}
	_, err := Connect(t.Context(), s.URL(), &ClientOptions{Header: http.Header{"Origin": {"http://rebound.example"}, "Host": {"rebound.example"}}})
	if err == nil {
		t.Error("a page on a name that leads here was let in")
	}
}

// A file of users is understood with a hash for each, or refused without telling
// what it holds of secrets.
func FuzzUsers(f *testing.F) {
	f.Add("a:$apr1$salt1234$abcdefghijklmnopqrstuv\n# x\n\nb:$2y$05$" + strings.Repeat("a", 53))
	f.Add("a:{SHA}x")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseUsers(text)
		if err != nil {
			if _, secret, ok := strings.Cut(strings.TrimSpace(text), ":"); ok && len(secret) > 20 && strings.Contains(err.Error(), secret) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		for name, hash := range u.hashes {
			if name == "" || hash == nil || u.some == nil {
				t.Errorf("%q: user %q has %v", text, name, hash)
			}
		}
	})
}

// Whatever headers say, who made a request is an IP address.
func FuzzRemote(f *testing.F) {
	f.Add(`for="[2001:db8::1]:4711";proto=http, FOR=10.0.0.1`, "6.6.6.6, 1.2.3.4")
	f.Add("for=_hidden", "[::1]:5,")
	everybody := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	f.Fuzz(func(t *testing.T, forwarded, xForwardedFor string) {
		for _, trusted := range [][]netip.Prefix{nil, everybody} {
			h := http.Header{"Forwarded": {forwarded}, "X-Forwarded-For": {xForwardedFor}}
			got := remote(&http.Request{RemoteAddr: "127.0.0.1:5", Header: h}, trusted)
			if _, err := netip.ParseAddr(got); err != nil || trusted == nil && got != "127.0.0.1" {
				t.Errorf("%q, %q: %q", forwarded, xForwardedFor, got)
			}
		}
	})
}
