// Package profile keeps peers under names: where they are and how one talks to
// them. A profile is a file of lines "key value", in the folder of the person's
// configuration.
package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/chancat/channel/internal/private"
	"github.com/chancat/channel/internal/xdg"
)

// Mark stands before the name of a profile where an address is expected.
const Mark = "@"

// sizeMost bounds a profile in bytes.
const sizeMost = 64 << 10

// A Profile is a peer by name. Empty fields are not set.
type Profile struct {
	Name      string
	Address   string
	Framing   string // a spelling
	View      string // of package view
	OnConnect string // path of a file of messages; relative to the profile's folder
}

// A key of a profile and the field that has its value.
type key struct {
	name  string
	field func(*Profile) *string
}

var keys = []key{
	{"address", func(p *Profile) *string { return &p.Address }},
	{"framing", func(p *Profile) *string { return &p.Framing }},
	{"view", func(p *Profile) *string { return &p.View }},
	{"on-connect", func(p *Profile) *string { return &p.OnConnect }},
}

// Folder is where profiles are; empty if the environment does not tell.
func Folder(getenv func(string) string) string {
	if config := xdg.Config(getenv); config != "" {
		return config + "/profiles"
	}
	return ""
}

// check refuses a name that could lead out of the folder, or is hidden there.
func check(name string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`./\`, r) || r == 0x7f }) {
		return fmt.Errorf("%q is no name of a profile: want letters and digits, without blanks, dots and slashes", name)
	}
	return nil
}

// Load reads the profile of that name.
func Load(folder, name string) (Profile, error) {
	p := Profile{Name: name}
	if err := check(name); err != nil {
		return p, err
	}
	if folder == "" {
		return p, errors.New("neither $XDG_CONFIG_HOME nor $HOME says where profiles are")
	}
	path := filepath.Join(folder, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("no profile %q: %s does not exist%s", name, path, others(folder))
	}
	if err != nil {
		return p, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, sizeMost+1))
	if err != nil {
		return p, err
	}
	if len(text) > sizeMost {
		return p, fmt.Errorf("%s: more than the %d bytes of a profile", path, sizeMost)
	}
	if err := p.parse(string(text)); err != nil {
		return p, fmt.Errorf("%s:%w", path, err)
	}
	if p.OnConnect != "" && !filepath.IsAbs(p.OnConnect) {
		p.OnConnect = filepath.Join(folder, p.OnConnect)
	}
	return p, nil
}

// others tells which profiles there are.
func others(folder string) string {
	if names := Names(folder); len(names) > 0 {
		return "; there is " + strings.Join(names, ", ")
	}
	return "; it is a file with lines such as 'address localhost:6379' and 'framing resp'"
}

func (p *Profile) parse(text string) error {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		end := strings.IndexAny(line+" ", " \t")
		name, value := line[:end], strings.TrimSpace(line[end:])
		field, err := p.field(name)
		switch {
		case err != nil:
			return fmt.Errorf("%d: %w", n, err)
		case value == "":
			return fmt.Errorf("%d: %s has no value", n, name)
		case *field != "":
			return fmt.Errorf("%d: %s stands here a second time", n, name)
		}
		*field = value
	}
	if p.Address == "" {
		return fmt.Errorf("%d: no address", n)
	}
	return nil
}

func (p *Profile) field(name string) (*string, error) {
	var names []string
	for _, k := range keys {
		if k.name == name {
			return k.field(p), nil
		}
		names = append(names, k.name)
	}
	return nil, fmt.Errorf("unknown key %q; want one of %s", name, strings.Join(names, ", "))
}

// Save writes p into folder, for nobody else to read. A profile that exists is
// refused unless over is set.
func (p Profile) Save(folder string, over bool) (path string, err error) {
	if err := check(p.Name); err != nil {
		return "", err
	}
	if folder == "" {
		return "", errors.New("neither $XDG_CONFIG_HOME nor $HOME says where profiles are")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	var text bytes.Buffer
	for _, k := range keys {
		if value := *k.field(&p); value != "" {
			if strings.ContainsAny(value, "\r\n") {
				return "", fmt.Errorf("%s %q does not fit on one line", k.name, value)
			}
			fmt.Fprintf(&text, "%-10s %s\n", k.name, value)
		}
	}
	path = filepath.Join(folder, p.Name)
	f, err := private.Create(path, over)
	if err != nil {
		return path, err
	}
	_, err = f.Write(text.Bytes())
	return path, errors.Join(err, f.Close())
}

// Names returns the names of the profiles in folder, in order.
func Names(folder string) (names []string) {
	entries, _ := os.ReadDir(folder) // none, if it is not there
	for _, e := range entries {
		if e.Type().IsRegular() && check(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names
}
