package bgpy

// A Dict is a dict of Python: items in the order of insertion. Its values are
//
//	None               nil
//	bool, float, str   bool, float64, string
//	int                int64, or *big.Int where that does not suffice
//	bytes, bytearray   []byte
//	list, tuple        []any, Tuple
//	set, frozenset     Set
//	dict               Dict
//	function, class    Func
//
// For sending, any integer type does, and map[string]any, []string and other
// slices too. The keys of the args of a message are strings.
type Dict []Item

// An Item is an entry of a [Dict].
type Item struct{ Key, Value any }

// A Tuple is a tuple of Python.
type Tuple []any

// A Set is a set or frozenset of Python. It cannot be sent.
type Set []any

// A Func is the name of a function or class of Python, and no more than that.
type Func struct{ Module, Name string }

func (f Func) String() string { return f.Module + "." + f.Name }

// Args returns the Dict of keys and values in turn. It panics where a value is
// missing.
func Args(keysAndValues ...any) Dict {
	d := make(Dict, 0, len(keysAndValues)/2)
	for i := 0; i < len(keysAndValues); i += 2 {
		d = append(d, Item{keysAndValues[i], keysAndValues[i+1]})
	}
	return d
}

// Get returns the value of key; nil if there is none, or None.
func (d Dict) Get(key string) any {
	v, _ := d.Lookup(key)
	return v
}

// Lookup returns the value of key, and whether there is one.
func (d Dict) Lookup(key string) (any, bool) {
	for i := len(d) - 1; i >= 0; i-- { // a pickle may set one twice: the last counts
		if d[i].Key == key {
			return d[i].Value, true
		}
	}
	return nil, false
}

// With returns a copy of d in which key has that value: in its place if it is
// there, else at the end.
func (d Dict) With(key string, value any) Dict {
	with := make(Dict, len(d), len(d)+1)
	copy(with, d)
	for i := range with {
		if with[i].Key == key {
			with[i].Value = value
			return with
		}
	}
	return append(with, Item{key, value})
}
