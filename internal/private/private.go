// Package private creates files that only their owner may read: what was said on a
// connection is nobody else's.
package private

import "os"

const mode = 0o600

// Create creates the file name for writing. One that exists is emptied, and made
// private if it is a regular file, where over is set; else the error is
// fs.ErrExist.
func Create(name string, over bool) (*os.File, error) {
	flag := os.O_EXCL
	if over {
		flag = os.O_TRUNC
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|flag, mode)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm() != mode {
		if err := file.Chmod(mode); err != nil {
			file.Close()
			return nil, err
		}
	}
	return file, nil
}
