//go:build !linux

package bench

import "time"

func sharpen() {}

func sleepFine(d time.Duration) { time.Sleep(d) }
