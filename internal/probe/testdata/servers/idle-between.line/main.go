// Command idle-between echoes lines. The fault: a client that says nothing for a second is dropped.
package main

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go serve(conn)
	}
}

func serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := in.Peek(1); err != nil {
			return
		}
		conn.SetReadDeadline(time.Time{})
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprint(conn, line)
	}
}
