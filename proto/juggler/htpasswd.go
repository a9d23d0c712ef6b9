package juggler

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/tg123/go-htpasswd"
)

// users are those of an htpasswd file.
type users struct {
	hashes map[string]htpasswd.EncodedPasswd
	some   htpasswd.EncodedPasswd // one of hashes: checked for a name that is none, so that it takes as long
	key    [sha256.Size]byte      // of the sums in known

	// Hashing a password takes long, on purpose; this is how many may do it at once.
	slots chan struct{}

	mu    sync.Mutex                   // guards known
	known map[string][sha256.Size]byte // by user: the sum of the password that was right
}

// readUsers reads an htpasswd file. A line that it cannot check a password with is
// an error: the library would take an unknown hash for the password itself.
func readUsers(file string) (*users, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	u, err := parseUsers(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return u, nil
}

func parseUsers(text string) (*users, error) {
	u := &users{
		hashes: map[string]htpasswd.EncodedPasswd{},
		slots:  make(chan struct{}, 2),
		known:  map[string][sha256.Size]byte{},
	}
	rand.Read(u.key[:])
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		user, hash, ok := strings.Cut(line, ":")
		if !ok || user == "" {
			return nil, fmt.Errorf("line %d: want name:hash", n)
		}
		encoded, err := parseHash(hash)
		if err != nil {
			return nil, fmt.Errorf("line %d: user %q: %w; write it anew with htpasswd -m or htpasswd -B", n, user, err)
		}
		u.hashes[user], u.some = encoded, encoded
	}
	return u, nil
}

// Compiled when it is first asked for, as most programs have no passwords.
var (
	apr1Hash = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\$apr1\$[^$]{0,8}\$[./0-9A-Za-z]{22}$`)
	})
	bcryptHash = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}$`)
	})
)

func parseHash(hash string) (htpasswd.EncodedPasswd, error) {
	switch {
	case apr1Hash().MatchString(hash):
		return htpasswd.AcceptMd5(hash)
	case bcryptHash().MatchString(hash):
		return htpasswd.AcceptBcrypt(hash)
	}
	return nil, errors.New("the hash is neither $apr1$ nor bcrypt, or is damaged")
}

// allow reports whether a request has the name and password of a user.
func (u *users) allow(r *http.Request) bool {
	name, password, ok := credentials(r)
	hash, is := u.hashes[name]
	if !is {
		hash = u.some
	}
	if !ok || hash == nil {
		return false
	}
	mac := hmac.New(sha256.New, u.key[:])
	mac.Write([]byte(password))
	sum := [sha256.Size]byte(mac.Sum(nil))
	u.mu.Lock()
	known, again := u.known[name]
	u.mu.Unlock()
	if again && hmac.Equal(known[:], sum[:]) {
		return true
	}
	select {
	case u.slots <- struct{}{}:
	case <-r.Context().Done():
		return false
	}
	right := hash.MatchesPassword(password) && is
	<-u.slots
	if right {
		u.mu.Lock()
		u.known[name] = sum
		u.mu.Unlock()
	}
	return right
}

// credentials returns the name and password of a request. They are UTF-8, or
// Latin-1 where they are not UTF-8: some clients send that.
func credentials(r *http.Request) (name, password string, ok bool) {
	name, password, ok = r.BasicAuth()
	return asUTF8(name), asUTF8(password), ok
}

func asUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
