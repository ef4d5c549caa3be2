package wiring

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	lambdamessages "github.com/aws/aws-lambda-go/lambda/messages"

	"boomerang/shared/config"
)

// slowly starts a handler that takes a second to build, beside the first request, and
// returns it with what its process was stopped for.
func slowly(t *testing.T, built error) (handle Handle[string, string], stopped chan error) {
	t.Helper()
	stopped = make(chan error, 1)
	p := Process{
		Environ: map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"},
		Stop:    func(err error) { stopped <- err },
	}
	handle, err := start(p, config.Pipeline{}, func() (Handle[string, string], error) {
		time.Sleep(time.Second)
		return func(_ context.Context, in string) (string, error) { return in + " answered", nil }, built
	})
	if err != nil {
		t.Fatal(err)
	}
	return handle, stopped
}

var errWrong = errors.New("the secret is empty")

func TestStart_lets_a_request_wait_for_what_is_built(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handle, stopped := slowly(t, nil)
		for range 2 {
			if out, err := handle(t.Context(), "it is"); out != "it is answered" || err != nil || len(stopped) > 0 {
				t.Errorf("it says %q, %v, and stopped %d times", out, err, len(stopped))
			}
		}
	})
}

func TestStart_answers_a_request_that_waits_before_the_process_ends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handle, stopped := slowly(t, errWrong)
		_, err := handle(t.Context(), "")
		// Lambda's client knows its own error by the type itself, and not inside another.
		answer, ok := err.(lambdamessages.InvokeResponse_Error) //nolint:errorlint // See above.
		if !ok || !answer.ShouldExit || answer.Message != errWrong.Error() {
			t.Errorf("it answers %#v", err)
		}
		if synctest.Wait(); len(stopped) > 0 {
			t.Errorf("it was stopped for %v, and may not have answered", <-stopped)
		}
	})
}

func TestStart_ends_the_process_at_once_where_no_request_waits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handle, stopped := slowly(t, errWrong)
		if err := <-stopped; !errors.Is(err, errWrong) {
			t.Errorf("it stopped for %v", err)
		}
		if _, err := handle(t.Context(), ""); err == nil {
			t.Error("it goes on where the process did not end")
		}
	})
}

func TestStart_lets_a_request_wait_until_its_own_deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handle, stopped := slowly(t, errWrong)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := handle(ctx, ""); !errors.Is(err, context.DeadlineExceeded) || len(stopped) > 0 {
			t.Errorf("it says %v, and stopped %d times", err, len(stopped))
		}
		if err := <-stopped; !errors.Is(err, errWrong) {
			t.Errorf("it stopped for %v", err)
		}
	})
}
