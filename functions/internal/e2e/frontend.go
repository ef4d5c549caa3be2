package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// frontend is a port of 127.0.0.1. Connections are refused until it is open, and no
// other process can take the port before.
type frontend struct {
	socket *os.File
	url    string
	server *http.Server
	opened bool
}

func newFrontend(handler http.Handler) (*frontend, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	f := &frontend{socket: os.NewFile(uintptr(fd), "frontend"), server: &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, err
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		return nil, err
	}
	f.url = fmt.Sprintf("http://127.0.0.1:%d", address.(*syscall.SockaddrInet4).Port)
	return f, nil
}

func (f *frontend) open() error {
	if f.opened {
		return nil
	}
	f.opened = true
	const backlog = 128
	if err := syscall.Listen(int(f.socket.Fd()), backlog); err != nil {
		return err
	}
	listener, err := net.FileListener(f.socket)
	if err != nil {
		return err
	}
	go func() { _ = f.server.Serve(listener) }()
	return nil
}

func (f *frontend) close() {
	_ = f.server.Close()
	_ = f.socket.Close()
}
