package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// door is a port of 127.0.0.1 that is ours from the start, and at which somebody
// listens only once it is open. Until then connections are refused, and nobody
// else can take the port.
type door struct {
	socket *os.File
	port   int
	server *http.Server

	mu     sync.Mutex
	opened bool
}

func newDoor(handler http.Handler) (*door, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	syscall.CloseOnExec(fd)
	d := &door{
		socket: os.NewFile(uintptr(fd), "door"),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second},
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		return nil, fmt.Errorf("getsockname: %w", err)
	}
	d.port = address.(*syscall.SockaddrInet4).Port
	return d, nil
}

func (d *door) url() string { return fmt.Sprintf("http://127.0.0.1:%d", d.port) }

func (d *door) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened {
		return nil
	}
	d.opened = true
	const backlog = 128
	if err := syscall.Listen(int(d.socket.Fd()), backlog); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	listener, err := net.FileListener(d.socket)
	if err != nil {
		return err
	}
	go func() { _ = d.server.Serve(listener) }()
	return nil
}

func (d *door) close() {
	_ = d.server.Close()
	_ = d.socket.Close()
}
