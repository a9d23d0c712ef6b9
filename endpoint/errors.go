package endpoint

import "github.com/chancat/channel/internal/socket"

// An AddressError is an address that is wrong whatever the state of the world.
type AddressError = socket.AddressError

// An Error is an address that could not be reached or listened on, and why. It
// wraps the error of package net.
type Error = socket.Error
