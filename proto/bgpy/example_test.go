package bgpy_test

import (
	"context"
	"fmt"
	"net"

	"github.com/chancat/channel/proto/bgpy"
)

func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	value := int64(1000)
	server := &bgpy.Server{
		Token: "s3cret",
		Tasks: map[string]bgpy.Task{
			"bgpy.example.tasks.init_task": func(context.Context, bgpy.Dict) (bgpy.Dict, error) { return nil, nil },
			"bgpy.example.tasks.exec_task": func(_ context.Context, args bgpy.Dict) (bgpy.Dict, error) {
				change, _ := args.Get("value_change").(int64)
				value += change
				return bgpy.Args("value", value), nil
			},
			"bgpy.example.tasks.exit_task": func(context.Context, bgpy.Dict) (bgpy.Dict, error) {
				return bgpy.Args("status", "Exited."), nil
			},
		},
	}
	ctx := context.Background()
	done := make(chan error)
	go func() { done <- server.Serve(ctx, l) }()

	client := &bgpy.Client{Addr: l.Addr().String(), Token: "s3cret"}
	tasks := "bgpy.example.tasks"
	_, err = client.Initialize(ctx, bgpy.Func{Module: tasks, Name: "init_task"}, bgpy.Func{Module: tasks, Name: "exec_task"}, bgpy.Func{Module: tasks, Name: "exit_task"})
	fmt.Println(err)
	args, err := client.Execute(ctx, bgpy.Args("command", "increase", "value_change", 10), true)
	fmt.Println(args.Get("value"), err)
	args, err = client.Terminate(ctx, nil, true)
	fmt.Println(args.Get("status"), err)
	fmt.Println(<-done)
	// Output:
	// <nil>
	// 1010 <nil>
	// Exited. <nil>
	// <nil>
}

func ExampleParseBody() {
	// What stood in a frame: os.mkdir, as an attacker calls it.
	_, err := bgpy.ParseBody([]byte("Y29zCm1rZGlyCihTJy90bXAvcHduZWQnCnRSLg=="))
	fmt.Println(err)
	// Output: message refused: pickle: byte 26: REDUCE: "os.mkdir" is not to be called
}

func ExampleDict() {
	args := bgpy.Args("command", "increase", "value_change", 10)
	text, err := args.With("await_response", true).MarshalJSON()
	fmt.Printf("%s %v\n", text, err)
	// Output: {"command":"increase","value_change":10,"await_response":true} <nil>
}
