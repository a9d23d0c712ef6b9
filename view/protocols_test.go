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

func TestRESP(t *testing.T) {
	for in, want := range map[string]string{
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\x00\xff\r\n": `["SET", "k", b"\x00\xff"]`,
		"+OK\r\n":                     "OK",
		"-ERR no (such) thing\r\n":    "error ERR no (such) thing",
		":-3\r\n":                     "-3",
		"$-1\r\n":                     "nil",
		"*-1\r\n":                     "nil",
		"_\r\n":                       "nil",
		"#f\r\n":                      "false",
		",1.5e3\r\n":                  "1.5e3",
		"(123456789012345678901\r\n":  "123456789012345678901",
		"=6\r\ntxt:hi\r\n":            `"hi"`,
		"!5\r\nERR x\r\n":             `error "ERR x"`,
		"%1\r\n$1\r\na\r\n*0\r\n":     `{"a": []}`,
		"~1\r\n+a(\r\n":               `~["a("]`,
		">2\r\n+message\r\n:1\r\n":    `>["message", 1]`,
		"|1\r\n+ttl\r\n:1\r\n+OK\r\n": `|{"ttl": 1} "OK"`,
		"PING\r\n":                    "PING",
		"+\x1b[2J\r\n":                `\x1b[2J`,
		"$5\r\nhi\r\n":                `$5\r\nhi\r\n`,
		"*9999999999\r\n":             `*9999999999\r\n`,
		":1(\r\n":                     `:1(\r\n`,
	} {
		if got := string(RESP(nil, []byte(in))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestForFraming(t *testing.T) {
	for in, want := range map[string]string{
		"fastdaemon": "fastdaemon", "fastdaemon,chars": "fastdaemon", "bgpy,max=1KiB": "bgpy", "bgpy/bgpy": "bgpy",
		"resp": "resp", "resp,max=1KiB": "resp", "msg": "auto", "": "auto", "fastdaemons": "auto",
	} {
		if got := ForFraming(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
