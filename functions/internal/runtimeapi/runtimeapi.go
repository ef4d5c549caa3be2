// Package runtimeapi is a fake of the Lambda Runtime API, for tests of the deployed programs.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
//
// TestEmulator of functions/ holds it to AWS's own emulator, which takes one invocation at a
// time, answers 200 to an error that a function returns, and starts a function at its first
// invocation. So it can replace this fake neither where tests see failures and starts, nor
// where many instances run at once.
package runtimeapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const prefix = "/2018-06-01/runtime/"

// Server hands invocations to one function instance.
type Server struct {
	// Addr is the value of AWS_LAMBDA_RUNTIME_API.
	Addr string
	// Ready is closed when the function asks for its first invocation.
	Ready chan struct{}

	server  *http.Server
	next    chan invocation
	ready   sync.Once
	mu      sync.Mutex
	waiting map[string]chan Result
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
}

// Result is the function's response or its error document.
type Result struct {
	Body   []byte
	Failed bool
}

// Start serves the API on a free port of 127.0.0.1.
func Start() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		Addr:    listener.Addr().String(),
		Ready:   make(chan struct{}),
		next:    make(chan invocation),
		waiting: map[string]chan Result{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"invocation/next", s.handleNext)
	mux.HandleFunc("POST "+prefix+"invocation/{id}/response", s.handleResult(false))
	mux.HandleFunc("POST "+prefix+"invocation/{id}/error", s.handleResult(true))
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// Close stops the API. A function that waits for its next invocation fails.
func (s *Server) Close() { _ = s.server.Close() }

// Invoke runs one invocation and waits for its result or for ctx.
func (s *Server) Invoke(ctx context.Context, payload []byte, deadline time.Time) (Result, error) {
	i := invocation{id: rand.Text(), payload: payload, deadline: deadline}
	answer := make(chan Result, 1)
	s.mu.Lock()
	s.waiting[i.id] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, i.id)
		s.mu.Unlock()
	}()
	select {
	case s.next <- i:
	case <-ctx.Done():
		return Result{}, fmt.Errorf("the function did not ask for an invocation: %w", context.Cause(ctx))
	}
	select {
	case r := <-answer:
		return r, nil
	case <-ctx.Done():
		return Result{}, fmt.Errorf("the function did not answer: %w", context.Cause(ctx))
	}
}

func (s *Server) handleNext(w http.ResponseWriter, r *http.Request) {
	s.ready.Do(func() { close(s.Ready) })
	select {
	case i := <-s.next:
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:boomerang")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(i.payload)
	case <-r.Context().Done():
	}
}

func (s *Server) handleResult(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		answer, ok := s.waiting[r.PathValue("id")]
		delete(s.waiting, r.PathValue("id"))
		s.mu.Unlock()
		if !ok {
			http.Error(w, "no such invocation", http.StatusNotFound)
			return
		}
		answer <- Result{Body: body, Failed: failed}
		w.WriteHeader(http.StatusAccepted)
	}
}
