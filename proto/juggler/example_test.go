package juggler_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/chancat/channel/proto/juggler"
)

func ExampleListen() {
	ctx := context.Background()
	lamps := juggler.NewState()
	lamps.Set(map[string]bool{"kitchen": false})
	server, err := juggler.Listen(ctx, "127.0.0.1:0", &juggler.ServerOptions{
		State:     lamps,
		Autoflush: juggler.FlushEachChange,
		OnRequest: func(_ context.Context, c *juggler.Connection, name string, data json.RawMessage) (any, error) {
			if name != "switch" {
				return nil, fmt.Errorf("unknown request %q", name)
			}
			return "done", c.State().SetAt("/kitchen", data)
		},
	})
	if err != nil {
		panic(err)
	}
	defer server.Close()

	client, err := juggler.Connect(ctx, server.URL(), nil)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	answer, err := client.Send(ctx, "switch", true)
	fmt.Println(string(answer), err)
	fmt.Println(string(client.State()))
	_, err = client.Send(ctx, "explode", nil)
	fmt.Println(err)
	// Output:
	// "done" <nil>
	// {"kitchen": true}
	// unknown request "explode"
}

func ExampleConnect() {
	ctx := context.Background()
	server, err := juggler.Listen(ctx, "127.0.0.1:0", &juggler.ServerOptions{
		OnConnection: func(c *juggler.Connection) {
			c.State().Set(map[string]int{"answer": 42})
			c.Notify("welcome", c.Remote())
		},
	})
	if err != nil {
		panic(err)
	}
	defer server.Close()

	done := make(chan bool)
	client, err := juggler.Connect(ctx, server.URL(), &juggler.ClientOptions{
		OnNotify: func(name string, data json.RawMessage) { fmt.Println(name, string(data)) },
		OnChange: func(state json.RawMessage) {
			fmt.Println(string(state))
			close(done)
		},
	})
	if err != nil {
		panic(err)
	}
	<-done
	client.Close()
	// Output:
	// welcome "127.0.0.1"
	// {"answer": 42}
}
