module github.com/chancat/channel

go 1.26
