package secret

import (
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/shared/awstest"
	"boomerang/shared/fault"
)

// newAWS returns the real client on the emulator, and an unused name.
func newAWS(t *testing.T) (*secretsmanager.Client, string) {
	t.Helper()
	return secretsmanager.NewFromConfig(awstest.New(t).Config()), "secret-" + rand.Text()
}

func create(t *testing.T, client *secretsmanager.Client, in secretsmanager.CreateSecretInput) (arn string) {
	t.Helper()
	out, err := client.CreateSecret(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.ARN
}

func TestAWS_Tokens(t *testing.T) {
	client, name := newAWS(t)
	arn := create(t, client, secretsmanager.CreateSecretInput{Name: &name, SecretString: new(tokenJSON(oldToken))})
	warm := NewTokens(client, name, Options{})
	for _, tokens := range []*Tokens{warm, NewTokens(client, arn, Options{})} {
		wantCheck(t, tokens, true, oldToken)
		wantCheck(t, tokens, false, newToken)
	}
	r := NewRotation(client, name)
	for range 2 {
		if err := r.Create(t.Context(), nextVersion, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Test(t.Context(), nextVersion); err != nil {
		t.Fatal(err)
	}
	wantCheck(t, warm, true, oldToken)
	for range 2 {
		fresh, err := r.Finish(t.Context(), nextVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, tokens := range []*Tokens{warm, NewTokens(client, arn, Options{})} {
			wantCheck(t, tokens, true, fresh.Reveal(), oldToken)
			wantCheck(t, tokens, false, wrongToken)
		}
	}
}

func TestAWS_DatadogKeys(t *testing.T) {
	client, name := newAWS(t)
	create(t, client, secretsmanager.CreateSecretInput{Name: &name, SecretBinary: []byte(keysJSON())})
	keys := NewDatadogKeys(client, name, Options{})
	first, err := keys.Get(t.Context())
	if err != nil || first.API.Reveal() != apiKey || first.App.Reveal() != appKey {
		t.Fatalf("got %v (%v)", first, err)
	}
	if _, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: new(`{"api_key":"next","app_key":"after"}`)}); err != nil {
		t.Fatal(err)
	}
	second, err := keys.Refresh(t.Context(), first)
	if err != nil || second.API.Reveal() != "next" || second.App.Reveal() != "after" {
		t.Fatalf("got %v (%v)", second, err)
	}
}

func TestAWS_Permanent(t *testing.T) {
	for name, arrange := range map[string]func(*testing.T, *secretsmanager.Client, string){
		"no secret": func(*testing.T, *secretsmanager.Client, string) {},
		"no version": func(t *testing.T, client *secretsmanager.Client, id string) {
			create(t, client, secretsmanager.CreateSecretInput{Name: &id})
		},
		"scheduled for deletion": func(t *testing.T, client *secretsmanager.Client, id string) {
			create(t, client, secretsmanager.CreateSecretInput{Name: &id, SecretString: new(tokenJSON(newToken))})
			if _, err := client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &id}); err != nil {
				t.Fatal(err)
			}
		},
		"not JSON": func(t *testing.T, client *secretsmanager.Client, id string) {
			create(t, client, secretsmanager.CreateSecretInput{Name: &id, SecretString: new(newToken)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, id := newAWS(t)
			arrange(t, client, id)
			err := NewTokens(client, id, Options{}).Ready(t.Context())
			if err == nil || fault.From(err).Kind != fault.Permanent {
				t.Errorf("got %v", err)
			}
			assertErrorHides(t, err, newToken)
		})
	}
}
