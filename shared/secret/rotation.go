package secret

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

// pending is the staging label of a version that a rotation is about to make current.
const pending = "AWSPENDING"

// RotationClient is what a rotation needs of Secrets Manager: besides
// secretsmanager:GetSecretValue the permissions PutSecretValue and
// UpdateSecretVersionStage. *secretsmanager.Client is one.
type RotationClient interface {
	Client
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
	UpdateSecretVersionStage(context.Context, *secretsmanager.UpdateSecretVersionStageInput, ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error)
}

// Rotation changes the token that Tokens accept, version by version. Every step may
// be repeated. Nothing is cached, and errors are those of Cache.
type Rotation struct {
	client RotationClient
	id     string
}

// NewRotation returns the rotation of the secret that id names, by its name or its
// ARN, and whose content is {"token":"…"}.
func NewRotation(client RotationClient, id string) *Rotation {
	return &Rotation{client: client, id: id}
}

// Current returns the token that is AWSCURRENT.
func (r *Rotation) Current(ctx context.Context) (Text, error) {
	return fetchToken(ctx, r.client, r.id, current)
}

// Create makes a version with a new token that nobody uses yet, unless it is there
// already. proof is the RotationToken that came with the event, if one did.
func (r *Rotation) Create(ctx context.Context, version, proof string) error {
	if _, err := r.version(ctx, version); err == nil || !isMissing(err) {
		return err
	}
	content, err := freshToken()
	if err != nil {
		return err
	}
	in := &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(r.id), ClientRequestToken: aws.String(version),
		SecretString: aws.String(content), VersionStages: []string{pending},
	}
	if proof != "" {
		in.RotationToken = aws.String(proof)
	}
	if _, err := r.client.PutSecretValue(ctx, in); err != nil {
		return r.failed("a new version of secret %q could not be stored: allow the function's role secretsmanager:PutSecretValue on it", err)
	}
	return nil
}

// Test reads a version as whoever checks tokens will.
func (r *Rotation) Test(ctx context.Context, version string) error {
	_, err := r.version(ctx, version)
	return err
}

// Finish makes a version AWSCURRENT, by which the one before it becomes
// AWSPREVIOUS, and returns the token in it.
func (r *Rotation) Finish(ctx context.Context, version string) (Text, error) {
	token, err := r.version(ctx, version)
	if err != nil {
		return Text{}, err
	}
	out, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(r.id), VersionStage: aws.String(current)})
	if err != nil {
		return Text{}, failure(r.id, err)
	}
	if aws.ToString(out.VersionId) == version {
		return token, nil
	}
	_, err = r.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: aws.String(r.id), VersionStage: aws.String(current),
		MoveToVersionId: aws.String(version), RemoveFromVersionId: out.VersionId,
	})
	if err != nil {
		return Text{}, r.failed("the new version of secret %q could not be made AWSCURRENT: allow the function's role secretsmanager:UpdateSecretVersionStage on it", err)
	}
	return token, nil
}

// version returns the token in one version, whatever its labels.
func (r *Rotation) version(ctx context.Context, version string) (Text, error) {
	out, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(r.id), VersionId: aws.String(version)})
	if err != nil {
		return Text{}, failure(r.id, err)
	}
	values, err := texts(r.id, []byte(aws.ToString(out.SecretString)), "token")
	if err != nil {
		return Text{}, err
	}
	return values[0], nil
}

func (r *Rotation) failed(text string, err error) error {
	return fault.New(fault.Temporary, fmt.Sprintf(text, r.id), clean(err))
}

// isMissing reports whether Secrets Manager has no value to show.
func isMissing(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == notFound
}

// freshToken returns the content of a secret with a token that nobody can guess: 52
// letters and digits, which are the same in a header, a URL and JSON.
func freshToken() (content string, err error) {
	encoded, err := json.Marshal(map[string]string{"token": rand.Text() + rand.Text()})
	return string(encoded), err
}
