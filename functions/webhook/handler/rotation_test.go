package handler_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/pipeline"
	"boomerang/shared/secret"
)

// versions is a secret by staging label, and the number of reads of it.
type versions struct {
	current, previous string
	err               error
	reads             int
}

func (v *versions) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	v.reads++
	token := map[string]string{"AWSCURRENT": v.current, "AWSPREVIOUS": v.previous}[*in.VersionStage]
	return &secretsmanager.GetSecretValueOutput{SecretString: new(fmt.Sprintf(`{"token":%q}`, token))}, v.err
}

// TestHandler_Rotation rotates the token while a stranger tries 20 tokens a second.
func TestHandler_Rotation(t *testing.T) {
	for name, guess := range map[string]string{"one wrong token": "wrong", "many wrong tokens": "wrong-%d", "the new token before it is valid": "new"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &versions{current: "old"}
				var log bytes.Buffer
				run := func(context.Context, alert.Alert) (pipeline.Outcome, error) {
					return pipeline.Outcome{Status: pipeline.Posted}, nil
				}
				h := &handler.Handler{Tokens: secret.NewTokens(v, "token", nil), Run: run, Logger: slog.New(slog.NewJSONHandler(&log, nil))}
				deliver := func(token string, want ...int) {
					t.Helper()
					response, err := h.Handle(t.Context(), with(post(torqBody), "x-webhook-token", token))
					retry, line := response.Headers["retry-after"], lastLine(&log)
					if err != nil || !strings.Contains(fmt.Sprint(want), fmt.Sprint(response.StatusCode)) {
						t.Errorf("%s: the token %q is answered %d, want one of %d", time.Now(), token, response.StatusCode, want)
					}
					if isHeldBack := response.StatusCode == 503; isHeldBack != (retry == "5") || strings.Contains(line, `"ERROR"`) || isHeldBack != strings.Contains(line, `"outcome":"unverified"`) {
						t.Errorf("the token %q: Retry-After %q, logged %s", token, retry, line)
					}
				}
				stranger := func(seconds int) {
					for i := range 20 * seconds {
						deliver(strings.Replace(guess, "%d", fmt.Sprint(i), 1), 401, 503)
						time.Sleep(50 * time.Millisecond)
					}
				}
				deliver("old", 200)
				stranger(60)
				if v.reads > 2*(1+5+12+1) {
					t.Errorf("%d reads of the secret in a minute", v.reads)
				}
				v.current, v.previous = "new", "old"
				deliver("new", 200, 503)
				deliver("old", 200)
				guess = "wrong"
				stranger(5)
				deliver("new", 200)
				v.err = context.DeadlineExceeded
				v.current, v.previous = "newest", "new"
				deliver("newest", 503)
				deliver("new", 200)
				v.err = nil
				time.Sleep(time.Minute)
				deliver("newest", 200)
				deliver("new", 200)
				deliver("old", 401)
			})
		})
	}
}

func lastLine(log *bytes.Buffer) string {
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	return lines[len(lines)-1]
}
