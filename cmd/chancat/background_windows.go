package main

import (
	"context"
	"errors"
)

func inBackground(*env) bool { return false }

func startInBackground(context.Context, *env) error {
	return usage(errors.New("--background: there is none on Windows; use 'start /b'"))
}

func detach(*env) {}
