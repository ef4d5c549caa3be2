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

const (
	oldVersion  = "00000000-0000-4000-8000-000000000001"
	nextVersion = "11111111-1111-4111-8111-111111111111"
)

// versions is a secret by version.
type versions struct {
	content map[string]string
	current string

	put   []*secretsmanager.PutSecretValueInput
	moved []*secretsmanager.UpdateSecretVersionStageInput
	fail  error // of writes
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
		return nil, &smithy.GenericAPIError{Code: notFound}
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: &content, VersionId: &version}, nil
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

func TestRotation(t *testing.T) {
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
		t.Errorf("current before: %q, %v", got.Reveal(), err)
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
		t.Errorf("current after: %q, %v", got.Reveal(), err)
	}
}

func TestRotation_Create(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		v := newVersions()
		err := NewRotation(v, id).Create(t.Context(), nextVersion, "")
		if err != nil || v.put[0].RotationToken != nil || seen[v.content[nextVersion]] {
			t.Fatalf("%v, %+v", err, v.put)
		}
		seen[v.content[nextVersion]] = true
	}
}

func TestRotation_Errors(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException"}
	for name, c := range map[string]struct {
		content string // of the next version
		fail    error
		do      func(context.Context, *Rotation) error
		kind    fault.Kind
		want    string
	}{
		"test of no version":      {"", nil, func(ctx context.Context, r *Rotation) error { return r.Test(ctx, nextVersion) }, fault.Permanent, "has no value"},
		"test of no token":        {`{"tokken":"` + newToken + `"}`, nil, func(ctx context.Context, r *Rotation) error { return r.Test(ctx, nextVersion) }, fault.Permanent, "has no text in token"},
		"create without a permit": {"", denied, func(ctx context.Context, r *Rotation) error { return r.Create(ctx, nextVersion, "") }, fault.Temporary, "secretsmanager:PutSecretValue"},
		"finish without a permit": {tokenJSON(newToken), denied, func(ctx context.Context, r *Rotation) error { _, err := r.Finish(ctx, nextVersion); return err }, fault.Temporary, "secretsmanager:UpdateSecretVersionStage"},
		"finish of no version":    {"", nil, func(ctx context.Context, r *Rotation) error { _, err := r.Finish(ctx, nextVersion); return err }, fault.Permanent, "has no value"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVersions()
			v.fail = c.fail
			if c.content != "" {
				v.content[nextVersion] = c.content
			}
			err := c.do(t.Context(), NewRotation(v, id))
			if err == nil || fault.From(err).Kind != c.kind || !strings.Contains(fault.Public(err), c.want) || !strings.Contains(fault.Public(err), id) {
				t.Fatalf("got %v", err)
			}
			if c.fail != nil && !errors.Is(err, c.fail) {
				t.Errorf("the cause is lost: %v", err)
			}
			assertErrorHides(t, err, newToken, oldToken)
		})
	}
	t.Run("unreadable response", func(t *testing.T) {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "GetSecretValue") {
				exception(400, notFound)(w, r)
				return
			}
			write(200, `{"SecretString":"`+newToken+`"`)(w, r)
		})
		err := NewRotation(client, id).Create(t.Context(), nextVersion, "")
		if err == nil {
			t.Fatal("no error")
		}
		assertErrorHides(t, err, newToken)
	})
}
