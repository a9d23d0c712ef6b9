package socket

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
)

// keyLog is the file that SSLKEYLOGFILE names, opened at the first use of TLS and
// shared by all connections; crypto/tls serialises the writes.
var keyLog struct {
	sync.Mutex
	path string
	file *os.File
}

// logKeys has the session keys written to the file that SSLKEYLOGFILE names, so
// that Wireshark can read along, unless cfg has a log of its own.
func logKeys(cfg *tls.Config) error {
	path := os.Getenv("SSLKEYLOGFILE")
	if path == "" || cfg.KeyLogWriter != nil {
		return nil
	}
	keyLog.Lock()
	defer keyLog.Unlock()
	if keyLog.path != path {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("SSLKEYLOGFILE: %w", err)
		}
		keyLog.path, keyLog.file = path, f
	}
	cfg.KeyLogWriter = keyLog.file
	return nil
}
