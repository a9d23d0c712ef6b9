package juggler

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path"
	"strings"
)

// routes returns what answers HTTP requests.
func (s *Server) routes() (handler http.Handler, err error) {
	defer func() { // http.ServeMux panics at patterns that it cannot use
		if r := recover(); r != nil {
			s.closeStatic()
			err = fmt.Errorf("juggler: a route that cannot be: %v", r)
		}
	}()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+s.opts.Path, s.upgrade)
	for pattern, h := range s.opts.Routes {
		mux.Handle(pattern, h)
	}
	rest := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound) })
	if s.opts.Static != "" {
		if s.static, err = os.OpenRoot(s.opts.Static); err != nil {
			return nil, err
		}
		rest = s.file
	}
	if _, taken := s.opts.Routes["/"]; !taken {
		mux.Handle("/", rest)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		if s.users != nil && !s.users.allow(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm=""`)
			refuse(w, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}), nil
}

// refuse answers in the words of the real server.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%d: %s", status, http.StatusText(status))
}

// file serves a file of the static directory. Links that lead out of it are not
// followed, and directories are not listed.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuse(w, http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "/" {
		http.Redirect(w, r, s.opts.Index, http.StatusFound)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	info, err := s.static.Stat(name)
	if err != nil || !info.Mode().IsRegular() { // to open a pipe would wait for its other end
		refuse(w, http.StatusNotFound)
		return
	}
	f, err := s.static.Open(name)
	if err != nil {
		refuse(w, http.StatusNotFound)
		return
	}
	defer f.Close()
	http.ServeContent(w, r, name, info.ModTime(), io.ReadSeeker(f))
}

// remote returns the IP address of who made the request: the last that is not a
// trusted proxy, where trusted proxies name it.
func remote(r *http.Request, trusted []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	at := peer.Addr().Unmap()
	named := forwarded(r.Header)
	for i := len(named) - 1; i >= 0 && isTrusted(at, trusted); i-- {
		next, ok := parseNode(named[i])
		if !ok {
			break
		}
		at = next
	}
	return at.String()
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forwarded returns the clients that proxies named, the nearest last: of the
// header Forwarded (RFC 7239), else of X-Forwarded-For.
func forwarded(h http.Header) []string {
	var nodes []string
	for _, line := range h.Values("Forwarded") {
		for element := range strings.SplitSeq(line, ",") {
			for pair := range strings.SplitSeq(element, ";") {
				if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); strings.EqualFold(name, "for") {
					nodes = append(nodes, strings.Trim(value, `"`))
				}
			}
		}
	}
	if nodes != nil {
		return nodes
	}
	for _, line := range h.Values("X-Forwarded-For") {
		for node := range strings.SplitSeq(line, ",") {
			nodes = append(nodes, strings.TrimSpace(node))
		}
	}
	return nodes
}

// parseNode reads an IP address, in brackets or not, with a port or not.
func parseNode(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap(), err == nil
}
