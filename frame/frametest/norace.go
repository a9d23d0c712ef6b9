//go:build !race

package frametest

const raceEnabled = false

// longest is the length up to which the properties with quadratic cost look at
// an input.
const longest = 2 << 10

// sampled is how many places, or inputs, one stands for.
var sampled = 1
