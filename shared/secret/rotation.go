package secret

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/shared/fault"
)

// Rotation rotates the token that Tokens checks. Each step can be repeated. Nothing is
// cached; errors are those of Cache. It also needs the permissions
// secretsmanager:PutSecretValue and secretsmanager:UpdateSecretVersionStage.
type Rotation struct {
	client *secretsmanager.Client
	id     string
}

// NewRotation returns the rotation of the secret with this name or ARN and the content
// {"token":"…"}.
func NewRotation(client *secretsmanager.Client, id string) *Rotation {
	return &Rotation{client: client, id: id}
}

// Current returns the AWSCURRENT token.
func (r *Rotation) Current(ctx context.Context) (Secret, error) {
	return CurrentToken(ctx, r.client.GetSecretValue, r.id)
}

// Create stores a version with a new token, unless it exists. rotationToken is the
// RotationToken of the event, if it has one.
func (r *Rotation) Create(ctx context.Context, version, rotationToken string) error {
	if err := r.Test(ctx, version); err == nil || errorCode(err) != notFound {
		return err
	}
	// 52 letters and digits need no escaping in a header, a URL or JSON.
	content := fmt.Sprintf(`{"token":%q}`, rand.Text()+rand.Text())
	in := &secretsmanager.PutSecretValueInput{
		SecretId: &r.id, ClientRequestToken: &version, SecretString: &content, VersionStages: []string{pending},
	}
	if rotationToken != "" {
		in.RotationToken = &rotationToken
	}
	if _, err := r.client.PutSecretValue(ctx, in); err != nil {
		return r.writeError("a new version of secret %q cannot be stored: allow the function's role secretsmanager:PutSecretValue on it", err)
	}
	return nil
}

// Test reads a version as Tokens does.
func (r *Rotation) Test(ctx context.Context, version string) error {
	_, err := r.version(ctx, version)
	return err
}

// Finish makes a version AWSCURRENT and the one before it AWSPREVIOUS, and returns the
// new token.
func (r *Rotation) Finish(ctx context.Context, version string) (Secret, error) {
	token, err := r.version(ctx, version)
	if err != nil {
		return Secret{}, err
	}
	out, err := r.client.GetSecretValue(ctx, byStage(r.id, current))
	if err != nil {
		return Secret{}, readError(r.id, err)
	}
	if aws.ToString(out.VersionId) == version {
		return token, nil
	}
	_, err = r.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &r.id, VersionStage: aws.String(current), MoveToVersionId: &version, RemoveFromVersionId: out.VersionId,
	})
	if err != nil {
		return Secret{}, r.writeError("the new version of secret %q cannot become AWSCURRENT: allow the function's role secretsmanager:UpdateSecretVersionStage on it", err)
	}
	return token, nil
}

// version returns the token in a version with any label.
func (r *Rotation) version(ctx context.Context, version string) (Secret, error) {
	return fetchToken(ctx, r.client.GetSecretValue, &secretsmanager.GetSecretValueInput{SecretId: &r.id, VersionId: &version})
}

func (r *Rotation) writeError(text string, err error) error {
	return fault.New(fault.Temporary, fmt.Sprintf(text, r.id), redactError(err))
}
