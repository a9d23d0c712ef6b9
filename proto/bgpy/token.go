package bgpy

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
)

// NewToken returns a fresh token: 26 letters and digits, 128 bits of chance.
func NewToken() string { return rand.Text() }

// sameToken compares in a time that depends on neither token.
func sameToken(got, want string) bool {
	g, w := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(g[:], w[:]) == 1
}
