package repl

import (
	"os"
	"testing"
)

func TestProfiles(t *testing.T) {
	folder := t.TempDir()
	getenv := func(name string) string { return map[string]string{"XDG_CONFIG_HOME": folder}[name] }
	d, _, address := connected(t, "line", func(o *Options) { o.Getenv = getenv })
	d.types("/profile")
	d.sees("no profiles")
	d.types("/view hex", "/profile save notes")
	d.sees("saved as " + folder + "/chancat/profiles/notes")
	d.types("/profile save notes")
	d.sees("/profile save -f notes overwrites")
	d.types("/profile save -f notes", "/profile", "/profile notes", "/profile nots")
	d.sees("address    "+address, "framing    line", "view       hex", `no profile "nots"`, "there is notes")
}

// A peer that is connected to by its name is greeted as its profile says, each
// time.
func TestConnectProfile(t *testing.T) {
	folder := t.TempDir()
	srv := serve(t)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(folder+"/chancat/profiles/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(folder+"/chancat/profiles", 0o700); err != nil {
		t.Fatal(err)
	}
	write("notes", "address "+srv.address()+"\nframing crlf\non-connect notes.login\n")
	write("notes.login", `hello\x21`+"\n")
	write("bad", "address "+srv.address()+"\nframing msh\n")
	d := sit(t, "msg", func(o *Options) {
		o.Getenv = func(name string) string { return map[string]string{"XDG_CONFIG_HOME": folder}[name] }
	})
	d.types("/connect @bad")
	d.sees("profile bad", "msh")
	d.types("/connect @notes")
	c := srv.client()
	c.wants("hello!\r\n")
	d.prompts(srv.address() + " crlf> ")
	c.SetLinger(0)
	c.Close()
	d.sees("the next message connects again")
	d.types("again")
	srv.client().wants("hello!\r\nagain\r\n")
	candidates, _ := d.complete("/connect @", len("/connect @"))
	if len(candidates) != 2 || candidates[1].Text != "@notes" {
		t.Errorf("completes to %v", candidates)
	}
}
