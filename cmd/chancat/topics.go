package main

import (
	"embed"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed help/*.txt
var helpFiles embed.FS

var topicList = []struct{ name, short string }{
	{"addresses", "the forms of ADDR"},
	{"environment", "variables, files and profiles"},
	{"events", "what --json prints and --record keeps"},
	{"exit-codes", "what the exit status says"},
	{"interactive", "connect and listen on a terminal"},
	{"netcat", "how netcat's habits carry over"},
}

// namesTopic reports whether word is the name of a topic.
func namesTopic(word string) bool {
	for _, t := range topicList {
		if t.name == word {
			return true
		}
	}
	return false
}

// helpTopics are pages that belong to no command: 'chancat help exit-codes'.
// That on framings belongs to the command of that name.
func helpTopics() []*cobra.Command {
	var topics []*cobra.Command
	for _, t := range topicList {
		topics = append(topics, &cobra.Command{Use: t.name, Short: t.short, Long: topic(t.name)})
	}
	return topics
}

func topic(name string) string {
	text, err := helpFiles.ReadFile("help/" + name + ".txt")
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.TrimSpace(string(text))
}
