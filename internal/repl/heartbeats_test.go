package repl

import (
	"strings"
	"testing"
)

func TestHeartbeatIsAnswered(t *testing.T) {
	d, c, _ := connected(t, "nats", nil)
	c.says("INFO {}\r\n")
	d.sees("INFO {}")
	c.says("PING\r\n+OK\r\n")
	c.wants("PONG\r\n")
	d.sees("+OK", "heartbeats of NATS are answered")
	c.says("PING\r\n")
	c.wants("PONG\r\n")
	d.clear()
	d.types("/show 2")
	d.sees("+OK") // the heartbeat has no number
	d.types("/stats")
	d.sees("heartbeats 4")
	if text := d.text(); strings.Contains(text, "PING") {
		t.Errorf("a heartbeat is shown:\n%s", text)
	}
}

// Who asks sees the answer.
func TestHeartbeatByHand(t *testing.T) {
	d, c, _ := connected(t, "nats", nil)
	d.types("PING")
	c.wants("PING\r\n")
	c.says("PONG\r\nPONG\r\n+OK\r\n")
	d.sees("#2 6 B", "#3 5 B", "+OK")
	if text := d.text(); strings.Count(text, "PONG") != 1 {
		t.Errorf("one PONG is an answer:\n%s", text)
	}
}

// What is said between does not hide the answers.
func TestHeartbeatByHandAndMore(t *testing.T) {
	d, c, _ := connected(t, "nats", nil)
	d.types("PING", "PING", "SUB a 1")
	c.wants("PING\r\nPING\r\nSUB a 1\r\n")
	c.says("PONG\r\nPONG\r\nPONG\r\n+OK\r\n")
	d.sees("+OK")
	if text := d.text(); strings.Count(text, "PONG") != 2 {
		t.Errorf("two PONGs are answers:\n%s", text)
	}
}

func TestHeartbeatOff(t *testing.T) {
	d, c, _ := connected(t, "nats", nil)
	d.types("/heartbeat off")
	d.sees("not answered")
	c.says("PING\r\n")
	d.sees("PING")
	d.types("PONG")
	c.wants("PONG\r\n")
	d.types("/heartbeat on")
	d.sees("heartbeats of NATS")
	c.says("PING\r\n")
	c.wants("PONG\r\n")
}

// A client that agreed to a keep-alive breaks its silence in time.
func TestHeartbeatKeepsAlive(t *testing.T) {
	d, c, _ := connected(t, "stomp", nil)
	d.types(`/e CONNECT\naccept-version:1.2\nheart-beat:40,0\n\n\0`)
	c.wants("CONNECT\naccept-version:1.2\nheart-beat:40,0\n\n\x00")
	c.says("CONNECTED\nversion:1.2\nheart-beat:0,40\n\n\x00")
	c.wants("\n\n\n")
	d.types(`/e SEND\ndestination:a\n\nhi\0`)
	d.sees("destination:a")
}

func TestHeartbeatKeepsAliveMQTT(t *testing.T) {
	d, c, _ := connected(t, "mqtt", nil)
	d.types(`/raw \x10\x10\x00\x04MQTT\x04\x02\x00\x01\x00\x04chan`)
	c.wants("\x10\x10\x00\x04MQTT\x04\x02\x00\x01\x00\x04chan")
	c.wants("\xc0\x00") // within the second that was agreed
	c.says("\xd0\x00")
	d.sees("heartbeats of MQTT")
}
