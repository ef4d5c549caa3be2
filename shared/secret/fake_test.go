package secret

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

func tokenJSON(token string) string { return fmt.Sprintf(`{"token":%q}`, token) }

// fakeSecret is a secret that tests rotate and break.
type fakeSecret struct {
	mu       sync.Mutex
	versions map[string]string // by staging label
	failures map[string]error  // by staging label
	delay    time.Duration
	calls    int
}

func newFakeSecret(content string) *fakeSecret {
	return &fakeSecret{versions: map[string]string{current: content}, failures: map[string]error{}}
}

func (s *fakeSecret) get(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	s.mu.Lock()
	s.calls++
	content, exists := s.versions[*in.VersionStage]
	err, delay := s.failures[*in.VersionStage], s.delay
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err == nil && !exists {
		err = &types.ResourceNotFoundException{}
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: &content}, err
}

func (s *fakeSecret) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// set sets the current version.
func (s *fakeSecret) set(content string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[current], s.failures[current] = content, err
}

// rotate does what PutSecretValue does.
func (s *fakeSecret) rotate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[previous], s.versions[current] = s.versions[current], tokenJSON(token)
}

func (s *fakeSecret) fail(stage string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[stage] = err
}

func (s *fakeSecret) tokens() *Tokens { return NewTokens(s.get, id, nil) }
