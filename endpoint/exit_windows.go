package endpoint

import "os"

func signalOf(*os.ProcessState) (number int, name string, ok bool) { return 0, "", false }

func isBrokenPipe(int) bool { return false }
