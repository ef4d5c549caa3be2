package secret

import (
	"crypto/rand"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/shared/fault"
)

// emulator returns the real client on the moto server of MOTO_URL
// (https://docs.getmoto.org/en/latest/docs/server_mode.html) and a name that no
// other test uses.
func emulator(t *testing.T) (*secretsmanager.Client, string) {
	t.Helper()
	address := os.Getenv("MOTO_URL")
	if address == "" {
		t.Skip("MOTO_URL is not set: start moto_server and set it to its address, such as http://127.0.0.1:5000")
	}
	return sdk(address), t.Name() + "-" + rand.Text()
}

func create(t *testing.T, client *secretsmanager.Client, name, content string) (arn string) {
	t.Helper()
	out, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &content})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.ARN)
}

// put adds a version, which makes the one before it AWSPREVIOUS.
func put(t *testing.T, client *secretsmanager.Client, name, content string) {
	t.Helper()
	if _, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &content}); err != nil {
		t.Fatal(err)
	}
}

func TestEmulator_tokens_follow_a_rotation(t *testing.T) {
	client, name := emulator(t)
	arn := create(t, client, name, tokenJSON(oldToken))
	for label, tokens := range map[string]*Tokens{"name": NewTokens(client, name, Options{}), "ARN": NewTokens(client, arn, Options{})} {
		t.Run("before/"+label, func(t *testing.T) {
			wantCheck(t, tokens, oldToken, true)
			wantCheck(t, tokens, goodToken, false)
		})
	}
	warm := NewTokens(client, name, Options{})
	wantCheck(t, warm, oldToken, true)
	put(t, client, name, tokenJSON(goodToken))
	for label, tokens := range map[string]*Tokens{"warm": warm, "cold": NewTokens(client, arn, Options{})} {
		t.Run("after/"+label, func(t *testing.T) {
			wantCheck(t, tokens, goodToken, true)
			wantCheck(t, tokens, oldToken, true)
			wantCheck(t, tokens, wrongToken, false)
		})
	}
}

func TestEmulator_keys_follow_a_rotation(t *testing.T) {
	client, name := emulator(t)
	create(t, client, name, keysJSON())
	keys := NewDatadogKeys(client, name, Options{})
	first, err := keys.Get(t.Context())
	if err != nil || first.API.Reveal() != apiKey || first.App.Reveal() != appKey {
		t.Fatalf("got %v (%v)", first, err)
	}
	put(t, client, name, `{"api_key":"next","app_key":"after"}`)
	second, err := keys.Refresh(t.Context(), first)
	if err != nil || second.API.Reveal() != "next" || second.App.Reveal() != "after" {
		t.Fatalf("got %v (%v)", second, err)
	}
}

func TestEmulator_a_binary_secret_is_read(t *testing.T) {
	client, name := emulator(t)
	if _, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretBinary: []byte(keysJSON())}); err != nil {
		t.Fatal(err)
	}
	keys, err := NewDatadogKeys(client, name, Options{}).Get(t.Context())
	if err != nil || keys.API.Reveal() != apiKey {
		t.Fatalf("got %v (%v)", keys, err)
	}
}

func TestEmulator_what_somebody_must_correct_is_refused(t *testing.T) {
	tests := map[string]func(*testing.T, *secretsmanager.Client, string){
		"no_secret": func(*testing.T, *secretsmanager.Client, string) {},
		"no_version": func(t *testing.T, client *secretsmanager.Client, name string) {
			if _, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name}); err != nil {
				t.Fatal(err)
			}
		},
		"scheduled_for_deletion": func(t *testing.T, client *secretsmanager.Client, name string) {
			create(t, client, name, tokenJSON(goodToken))
			if _, err := client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name}); err != nil {
				t.Fatal(err)
			}
		},
		"malformed": func(t *testing.T, client *secretsmanager.Client, name string) { create(t, client, name, goodToken) },
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			client, id := emulator(t)
			arrange(t, client, id)
			err := NewTokens(client, id, Options{}).Ready(t.Context())
			if err == nil || fault.From(err).Kind != fault.Permanent {
				t.Errorf("got %v, want a refusal", err)
			}
			assertErrorHides(t, err, goodToken)
		})
	}
}
