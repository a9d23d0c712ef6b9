package view

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

func TestFastdaemon(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x00\x00\x06hello\n\x00\x00\x00\x0aalpha beta": `["hello\n", "alpha beta"]`,
		"\x00\x00\x00\x00\x00\x00\x00\x00":                  `["", ""]`,
		"\x00\x00\x00\x02éa\x00\x00\x00\x01x":               `["éa", "x"]`, // characters
		"\x00\x00\x00\x03éa\x00\x00\x00\x01x":               `["éa", "x"]`, // bytes
		"\x00\x00\x00\x01\x1b\x00\x00\x00\x01\xff":          `["\u001b", b"\xff"]`,
		"hello": "hello",
	} {
		if got := string(Fastdaemon(nil, []byte(in))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"\xff\xff\xff\xff", "\x00\x00\x00\x02é", "\x00\x00\x00\x00\x00\x00\x00\x00x", ""} {
		if got, want := string(Fastdaemon(nil, []byte(in))), string(otherwise(nil, []byte(in))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestBgpy(t *testing.T) {
	text, err := os.ReadFile("../testdata/captures/bgpy_exit_await.json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Chunks []struct{ Hex string } }
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	frame, err := hex.DecodeString(c.Chunks[0].Hex)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(Bgpy(nil, frame[16:])), `AUTH {"token": "s3cret", "await_response": True}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for in, want := range map[string]string{
		"cos\nmkdir\n(S'/tmp/pwned'\ntR.": `$reduce os.mkdir("/tmp/pwned")`,
		"cbgpy.core.message\nMessage\n)\x81N}(X\x04\x00\x00\x00typecbgpy.core.message\nMessageType\nK\x01\x85RX\x04\x00\x00\x00args}X\x01\x00\x00\x00aK\x01su\x86b.": `EXEC {"a": 1}`,
	} {
		if got := string(Bgpy(nil, []byte(base64.StdEncoding.EncodeToString([]byte(in))))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if got := string(Bgpy(nil, []byte("no base64!"))); got != "no base64!" {
		t.Error(got)
	}
}

func TestForFraming(t *testing.T) {
	for in, want := range map[string]string{
		"fastdaemon": "fastdaemon", "fastdaemon,chars": "fastdaemon", "bgpy,max=1KiB": "bgpy", "bgpy/bgpy": "bgpy",
		"msg": "auto", "": "auto", "fastdaemons": "auto",
	} {
		if got := ForFraming(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
