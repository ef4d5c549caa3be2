package secret

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

type answering func(id string) (*secretsmanager.GetSecretValueOutput, error)

func (a answering) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	return a(*in.SecretId)
}

func TestVault_fetches_each_secret_once(t *testing.T) {
	calls := 0
	vault := NewStore(answering(func(id string) (*secretsmanager.GetSecretValueOutput, error) {
		calls++
		if id == "gone" {
			return nil, errors.New("no")
		}
		return &secretsmanager.GetSecretValueOutput{SecretString: aws.String("text of " + id)}, nil
	}), Options{})
	for range 2 {
		for _, id := range []string{"a", "b"} {
			if text, err := vault.Text(t.Context(), id); err != nil || text != "text of "+id {
				t.Errorf("%s: %q, %v", id, text, err)
			}
		}
	}
	if calls != 2 {
		t.Errorf("%d calls for two secrets", calls)
	}
	if text, err := vault.Text(t.Context(), "gone"); err == nil || text != "" {
		t.Errorf("a secret that cannot be read is %q, %v", text, err)
	}
}
