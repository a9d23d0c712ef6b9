//go:build race

package frametest

const raceEnabled = true

// A codec has no goroutines in which a race could be found, and under the race
// detector everything takes ten times as long: a sample is enough.
const longest = 256

// sampled is how many places, or inputs, one stands for.
var sampled = 16
