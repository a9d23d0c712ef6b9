// Summary reads the output of go test -json and prints, by package, how many tests
// passed, each test with another program, and each skipped one with its reason.
// It fails if a test was skipped for want of a program although the programs that
// tests talk to are required, and where all are, if a test was skipped at all. With
// the argument failed it prints what the failed tests printed.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type result struct {
	output strings.Builder
	action string
}

func main() {
	showFailed := len(os.Args) > 1 && os.Args[1] == "failed"
	tests := map[string]*result{}
	var order []string
	passed, failed, skipped := 0, 0, 0
	for dec := json.NewDecoder(os.Stdin); ; {
		var e event
		if err := dec.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "summary:", err)
			os.Exit(2)
		}
		name := strings.TrimPrefix(e.Package, "github.com/chancat/channel/") + " " + e.Test
		r := tests[name]
		if r == nil {
			r = &result{}
			tests[name] = r
			order = append(order, name)
		}
		switch e.Action {
		case "output":
			r.output.WriteString(e.Output)
		case "pass", "fail", "skip":
			r.action = e.Action
			if e.Test == "" {
				continue
			}
			switch e.Action {
			case "pass":
				passed++
			case "fail":
				failed++
			default:
				skipped++
			}
		}
	}
	required := os.Getenv("CHANCAT_REQUIRE_PEERS")
	missed := 0
	for _, name := range order {
		r := tests[name]
		switch {
		case r.action == "fail" && showFailed:
			fmt.Printf("--- %s\n%s", name, r.output.String())
		case r.action == "skip" && !strings.HasSuffix(name, " "):
			reason := strings.TrimSpace(r.output.String())
			fmt.Printf("skipped  %s: %s\n", name, strings.ReplaceAll(reason, "\n", " | "))
			if required == "all" || required != "" && strings.Contains(reason, "not installed") {
				missed++
			}
		case r.action == "pass" && strings.Contains(name, "Interop"):
			fmt.Printf("interop  %s: passed\n", name)
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 || missed > 0 {
		os.Exit(1)
	}
}
