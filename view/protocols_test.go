package view

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
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
		"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nh\u00e9 \x1b\r\n": `["SET", "a", "hé \u001b"]`,
		"+OK\r\n":                            `OK`,
		"+a (b\r\n":                          `a (b`,
		"-ERR no )\r\n":                      `(error) ERR no )`,
		"*2\r\n-ERR no )\r\n+a (b\r\n":       `[error("ERR no )"), "a (b"]`,
		":-12\r\n":                           `-12`,
		"$-1\r\n":                            `null`,
		"*-1\r\n":                            `null`,
		"*0\r\n":                             `[]`,
		"$2\r\n\xff\x00\r\n":                 `b"\xff\x00"`,
		"$17\r\n# Server\r\na:1\r\n\r\n\r\n": "# Server\na:1",
		"=8\r\ntxt:a\x1bbc\r\n":              `"a\u001bbc"`,
		"%1\r\n+key\r\n*2\r\n#t\r\n_\r\n":    `{key: [true, null]}`,
		"~1\r\n,1.5e3\r\n":                   `set([1.5e3])`,
		">2\r\n$7\r\nmessage\r\n,inf\r\n":    `push(["message", inf])`,
		"|1\r\n+ttl\r\n:3600\r\n+x\r\n":      `{ttl: 3600} x`,
		"(12345678901234567890123\r\n":       `12345678901234567890123`,
		"!4\r\nERR \r\n":                     `error("ERR ")`,
		"PING\r\n":                           `PING\r\n`,
	} {
		if got := string(RESP(nil, []byte(in))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"", "$", "$5\r\nab", "*2\r\n:1\r\n", ":(\r\n", "$-2\r\n", "#x\r\n", "+OK\r\n+OK\r\n", "*999999999\r\n", strings.Repeat("*1\r\n", 2000) + ":1\r\n"} {
		if got, want := string(RESP(nil, []byte(in))), string(otherwise(nil, []byte(in))); got != want {
			t.Errorf("%.50q: %.50s, want %.50s", in, got, want)
		}
	}
}

func TestForFraming(t *testing.T) {
	for in, want := range map[string]string{
		"fastdaemon": "fastdaemon", "fastdaemon,chars": "fastdaemon", "bgpy,max=1KiB": "bgpy", "bgpy/bgpy": "bgpy", "resp": "resp", "packetstream,max=1KiB": "packetstream", "resp,max=1MiB": "resp",
		"msg": "auto", "": "auto", "fastdaemons": "auto",
	} {
		if got := ForFraming(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
