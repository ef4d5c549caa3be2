package fakedatadog

import "net/http"

// registerControls lets other processes see what exported methods show in Go. They
// require no key, because the server is for loopback.
func (s *Server) registerControls() {
	handleGet(s.mux, "posted", s.Posted)
	handleGet(s.mux, "requests", s.Requests)
	s.mux.Handle("/_fake/", http.NotFoundHandler())
}

func handleGet[T any](mux *http.ServeMux, path string, get func() T) {
	mux.HandleFunc("GET /_fake/"+path, func(w http.ResponseWriter, _ *http.Request) { success(get()).write(w) })
}
