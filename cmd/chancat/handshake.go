package main

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// noteTLS says, for -v, what a TLS handshake has agreed on and with whom. It refuses
// nothing.
func (e *env) noteTLS(state tls.ConnectionState) error {
	said := tls.VersionName(state.Version) + ", " + tls.CipherSuiteName(state.CipherSuite)
	if len(state.PeerCertificates) > 0 {
		c := state.PeerCertificates[0]
		fingerprint := strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(c.Raw)), " ", ":")
		said += fmt.Sprintf("; certificate of %s, until %s, SHA-256 %s", c.Subject, c.NotAfter.Format("2006-01-02"), fingerprint)
	}
	e.note("%s", said)
	return nil
}

// noteWebSocket shows, for -v, the answer that opens a WebSocket.
func (e *env) noteWebSocket(status string, header http.Header) {
	e.note("< %s", status)
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			e.note("< %s: %s", name, value)
		}
	}
}
