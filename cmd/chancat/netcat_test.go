package main

import (
	"strings"
	"testing"
)

func TestNetcatArgs(t *testing.T) {
	c := commandLineOf(systemEnv())
	for _, test := range []struct{ args, want string }{
		// commands are left alone
		{"", ""},
		{"connect host:1 -n 2", "connect host:1 -n 2"},
		{"-v listen -k", "-v listen -k"},
		{"help netcat", "help netcat"},
		{"completion bash", "completion bash"},
		{"__complete connect x", "__complete connect x"},
		{"--help", "--help"},
		{"-h", "-h"},
		{"--version", "--version"},
		// words that name no peer
		{"conect", "conect"},
		{"host", "host"},
		{"host path", "host path"},
		// connecting
		{"host 5000", "connect -- host:5000"},
		{"host:5000", "connect -- host:5000"},
		{"5000", "connect -- 5000"},
		{":5000", "connect -- :5000"},
		{"localhost", "connect -- localhost"},
		{"10.0.0.1 80", "connect -- 10.0.0.1:80"},
		{"::1 80", "connect -- [::1]:80"},
		{"[::1] 80", "connect -- [::1]:80"},
		{"unix:s", "connect -- unix:s"},
		{"./s", "connect -- ./s"},
		{"host 5000 -N", "connect -- host:5000"},
		{"-N host 5000", "connect -- host:5000"},
		{"-w 3 host 5000", "connect --connect-timeout 3 -w 3 -- host:5000"},
		{"-w3 host 5000", "connect --connect-timeout 3 -w 3 -- host:5000"},
		{"host 5000 -w 300ms", "connect --connect-timeout 300ms -w 300ms -- host:5000"},
		{"-q 1 host 5000", "connect --quit-after 1 -- host:5000"},
		{"-q0 -w 5 host 5000", "connect --connect-timeout 5 --quit-after 0 -w 5 -- host:5000"},
		{"-w 2 host 5000 --connect-timeout 1s", "connect --connect-timeout 2 -w 2 --connect-timeout 1s -- host:5000"},
		{"-q -1 host 5000", "connect -- host:5000"},
		{"-l -q 1 5000", "listen --once --quit-after 1 -- 5000"},
		{"-lk -q 1 5000", "listen -- 5000"},
		{"-s 127.0.0.2 host 5000", "connect --source 127.0.0.2 -- host:5000"},
		{"-p 4000 host 5000", "connect --source-port 4000 -- host:5000"},
		{"-4 host 5000", "connect -4 -- host:5000"},
		{"-6v host 5000", "connect -6 -v -- host:5000"},
		{"-1 host 5000", "connect -1 -- host:5000"},
		{"-n 3 host 5000", "connect -n 3 -- host:5000"},
		{"-z host 5000", "connect -z -- host:5000"},
		{"-zv host 5000", "connect -z -v -- host:5000"},
		{"-vz host 5000", "connect -v -z -- host:5000"},
		{"-zvw2 host 5000", "connect --connect-timeout 2 -z -v -w 2 -- host:5000"},
		{"-v host 5000", "-v connect -- host:5000"},
		{"-f line host 5000", "-f line connect -- host:5000"},
		{"-fline host 5000", "-fline connect -- host:5000"},
		{"host 5000 -f line", "connect -f line -- host:5000"},
		{"host 5000 --in hex --json", "connect --in hex --json -- host:5000"},
		{"host 5000 --in=hex", "connect --in=hex -- host:5000"},
		{"--color never host 5000", "--color never connect -- host:5000"},
		{"-U /run/s", "connect -- unix:/run/s"},
		{"-U @name", "connect -- unix:@name"},
		{"-u host 53", "connect -- udp://host:53"},
		{"-w 1 -- host 5000", "connect --connect-timeout 1 -w 1 -- host:5000"},
		// listening
		{"-l 5000", "listen --once -- 5000"},
		{"-l host 5000", "listen --once -- host:5000"},
		{"-lk 5000", "listen -- 5000"},
		{"-kl 5000", "listen -- 5000"},
		{"-l -k 5000", "listen -- 5000"},
		{"-lv 5000", "listen --once -v -- 5000"},
		{"-vl 5000", "listen --once -v -- 5000"},
		{"-l -p 5000", "listen --once -- 5000"},
		{"-lp 5000", "listen --once -- 5000"},
		{"-lp5000", "listen --once -- 5000"},
		{"-l -p 5000 host", "listen --once -- host:5000"},
		{"-lU s", "listen --once -- unix:s"},
		{"-lkU s", "listen -- unix:s"},
		{"-l 5000 --port-file f --echo", "listen --once --port-file f --echo -- 5000"},
		{"-l 5000 --reply hi", "listen --once --reply hi -- 5000"},
	} {
		got, err := netcatArgs(strings.Fields(test.args), c)
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%q: got %q, %v; want %q", test.args, strings.Join(got, " "), err, test.want)
		}
	}
}

func TestNetcatArgsErrors(t *testing.T) {
	c := commandLineOf(systemEnv())
	for _, test := range []struct{ args, want string }{
		{"-k 5000", "needs -l"},
		{"-l", "the port is missing"},
		{"a.b c d", "3 operands"},
		{"-U", "-U takes one operand"},
		{"-U a b", "-U takes one operand"},
		{"-uU s", "exclude each other"},
		{"-l -p 5000 host 5001", "a port is given twice"},
		{"-w", "needs an argument"},
		{"-zp", "needs an argument"},
	} {
		got, err := netcatArgs(strings.Fields(test.args), c)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %q, %v; want an error with %q", test.args, got, err, test.want)
		}
	}
}
