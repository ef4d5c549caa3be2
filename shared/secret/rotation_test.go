package secret

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

var _ RotationClient = (*secretsmanager.Client)(nil)

const (
	oldVersion  = "00000000-0000-4000-8000-000000000001"
	nextVersion = "11111111-1111-4111-8111-111111111111"
)

// versions is a secret by version, with the one that is AWSCURRENT.
type versions struct {
	content map[string]string
	current string

	put   []*secretsmanager.PutSecretValueInput
	moved []*secretsmanager.UpdateSecretVersionStageInput
	fail  error // Of whatever changes something.
}

func newVersions() *versions {
	return &versions{content: map[string]string{oldVersion: tokenJSON(oldToken)}, current: oldVersion}
}

func (v *versions) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	version := aws.ToString(in.VersionId)
	if version == "" && aws.ToString(in.VersionStage) == current {
		version = v.current
	}
	content, exists := v.content[version]
	if !exists {
		return nil, codeError(notFound)
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(content), VersionId: aws.String(version)}, nil
}

func (v *versions) PutSecretValue(_ context.Context, in *secretsmanager.PutSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	if v.fail != nil {
		return nil, v.fail
	}
	v.put = append(v.put, in)
	v.content[*in.ClientRequestToken] = *in.SecretString
	return &secretsmanager.PutSecretValueOutput{}, nil
}

func (v *versions) UpdateSecretVersionStage(_ context.Context, in *secretsmanager.UpdateSecretVersionStageInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	if v.fail != nil {
		return nil, v.fail
	}
	v.moved = append(v.moved, in)
	v.current = *in.MoveToVersionId
	return &secretsmanager.UpdateSecretVersionStageOutput{}, nil
}

// codeError is an error of AWS by its code.
type codeError string

func (e codeError) Error() string                 { return string(e) }
func (e codeError) ErrorCode() string             { return string(e) }
func (e codeError) ErrorMessage() string          { return string(e) }
func (e codeError) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

func TestRotation_makes_a_new_token_and_then_makes_it_current(t *testing.T) {
	v := newVersions()
	r := NewRotation(v, id)
	for range 2 {
		if err := r.Create(t.Context(), nextVersion, "proof"); err != nil {
			t.Fatal(err)
		}
	}
	if len(v.put) != 1 || aws.ToString(v.put[0].RotationToken) != "proof" || len(v.put[0].VersionStages) != 1 || v.put[0].VersionStages[0] != "AWSPENDING" {
		t.Fatalf("stored %+v", v.put)
	}
	var made struct{ Token string }
	if err := json.Unmarshal([]byte(v.content[nextVersion]), &made); err != nil || len(made.Token) != 52 || strings.Trim(made.Token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("the token is %q, %v", made.Token, err)
	}
	if got, err := r.Current(t.Context()); err != nil || got.Reveal() != oldToken {
		t.Errorf("current before the end: %q, %v", got.Reveal(), err)
	}
	if err := r.Test(t.Context(), nextVersion); err != nil {
		t.Error(err)
	}
	for range 2 {
		if got, err := r.Finish(t.Context(), nextVersion); err != nil || got.Reveal() != made.Token {
			t.Errorf("got %q, %v", got.Reveal(), err)
		}
	}
	if len(v.moved) != 1 || *v.moved[0].RemoveFromVersionId != oldVersion || *v.moved[0].VersionStage != "AWSCURRENT" {
		t.Errorf("moved %+v", v.moved)
	}
	if got, err := r.Current(t.Context()); err != nil || got.Reveal() != made.Token {
		t.Errorf("current after the end: %q, %v", got.Reveal(), err)
	}
}

func TestRotation_shows_no_proof_where_none_was_given(t *testing.T) {
	v := newVersions()
	if err := NewRotation(v, id).Create(t.Context(), nextVersion, ""); err != nil || v.put[0].RotationToken != nil {
		t.Errorf("%v, %+v", err, v.put)
	}
}

func TestRotation_tokens_differ(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		content, err := randomToken()
		if err != nil || seen[content] {
			t.Fatalf("%v, %s", err, content)
		}
		seen[content] = true
	}
}

func TestRotation_fails_with_what_to_do(t *testing.T) {
	v := newVersions()
	v.content["broken"] = `{"tokken":"` + goodToken + `"}`
	r := NewRotation(v, id)
	for name, tc := range map[string]struct {
		fail error
		do   func(context.Context) error
		kind fault.Kind
		want string
	}{
		"a_version_that_is_not_there": {nil, func(ctx context.Context) error { return r.Test(ctx, nextVersion) }, fault.Permanent, "has no value"},
		"a_version_without_a_token":   {nil, func(ctx context.Context) error { return r.Test(ctx, "broken") }, fault.Permanent, "has no text in token"},
		"a_version_that_may_not_be_stored": {
			codeError("AccessDeniedException"), func(ctx context.Context) error { return r.Create(ctx, nextVersion, "") }, fault.Temporary, "secretsmanager:PutSecretValue",
		},
		"a_label_that_may_not_be_moved": {codeError("AccessDeniedException"), func(ctx context.Context) error {
			v.content[nextVersion] = tokenJSON(goodToken)
			defer delete(v.content, nextVersion)
			_, err := r.Finish(ctx, nextVersion)
			return err
		}, fault.Temporary, "secretsmanager:UpdateSecretVersionStage"},
		"an_end_without_a_version": {nil, func(ctx context.Context) error { _, err := r.Finish(ctx, nextVersion); return err }, fault.Permanent, "has no value"},
	} {
		t.Run(name, func(t *testing.T) {
			v.fail = tc.fail
			err := tc.do(t.Context())
			if err == nil || fault.From(err).Kind != tc.kind || !strings.Contains(fault.Public(err), tc.want) || !strings.Contains(fault.Public(err), id) {
				t.Fatalf("got %v", err)
			}
			if tc.fail != nil && !errors.Is(err, tc.fail) {
				t.Errorf("Secrets Manager's own words are lost: %v", err)
			}
			assertErrorHides(t, err, goodToken, oldToken)
		})
	}
}

// Over a socket, an answer that the SDK cannot read would be quoted in its error.
func TestRotation_errors_hide_the_token(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "GetSecretValue") {
			exception(400, notFound)(w, r)
			return
		}
		write(200, `{"SecretString":"`+goodToken+`"`)(w, r)
	})
	err := NewRotation(client, id).Create(t.Context(), nextVersion, "")
	if err == nil {
		t.Fatal("half an answer is no failure")
	}
	assertErrorHides(t, err, goodToken)
}

func TestEmulator_a_rotation_moves_the_labels(t *testing.T) {
	client, name := emulator(t)
	create(t, client, name, tokenJSON(oldToken))
	r := NewRotation(client, name)
	for range 2 {
		if err := r.Create(t.Context(), nextVersion, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Test(t.Context(), nextVersion); err != nil {
		t.Fatal(err)
	}
	tokens := NewTokens(client, name, Options{})
	wantCheck(t, tokens, oldToken, true)
	for range 2 {
		fresh, err := r.Finish(t.Context(), nextVersion)
		if err != nil {
			t.Fatal(err)
		}
		wantCheck(t, tokens, fresh.Reveal(), true)
		wantCheck(t, tokens, oldToken, true)
	}
}
