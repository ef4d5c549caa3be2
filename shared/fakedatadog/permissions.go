package fakedatadog

import "net/http"

// Deny takes permissions, "monitors_write" and the like, away from the application
// key, which has all of them at first. Denying none gives all of them back.
func (s *Server) Deny(permissions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = map[string]bool{}
	for _, permission := range permissions {
		s.denied[permission] = true
	}
}

// allows returns the refusal that a caller gets whose application key lacks what the
// route asks for.
func (s *Server) allows(rt route) (refusal answer, passed bool) {
	if rt.permission != "" && s.denied[rt.permission] {
		return failure(http.StatusForbidden, "Forbidden"), false
	}
	return answer{}, true
}
