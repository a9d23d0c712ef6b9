package framing_test

import (
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestMSGRefusesLeadingZeroAtOnce(t *testing.T) {
	_, need, err := framing.MSG.Scan([]byte("\r\nMSG 05"), &frame.State{})
	if err == nil {
		t.Errorf("a length of 05 needs %d more bytes; nothing can make it valid", need)
	}
}
