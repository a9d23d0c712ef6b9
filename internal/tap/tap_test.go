package tap

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/chancat/channel/framing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(spelling string) framing.Framing {
	f, err := framing.Parse(spelling)
	if err != nil {
		panic(err)
	}
	return f
}
