package fakedatadog_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const (
	firstVersion = "00000000-0000-4000-8000-000000000001"
	newVersion   = "11111111-1111-4111-8111-111111111111"
)

func TestSecrets_RotateWithTheAWSClient(t *testing.T) {
	s := newServer()
	client := secretsClient(t, s)
	id := aws.String("boomerang/webhook")
	put := func(content string) error {
		_, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
			SecretId: id, ClientRequestToken: aws.String(newVersion), SecretString: aws.String(content), VersionStages: []string{"AWSPENDING"},
		})
		return err
	}
	stages := func(version string) []string {
		out, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: id, VersionId: aws.String(version)})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(slices.Values(out.VersionStages))
	}
	move := func(stage, to, from string) error {
		in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: id, VersionStage: aws.String(stage), MoveToVersionId: aws.String(to)}
		if from != "" {
			in.RemoveFromVersionId = aws.String(from)
		}
		_, err := client.UpdateSecretVersionStage(t.Context(), in)
		return err
	}
	code := func(err error) string {
		if refusal, ok := errors.AsType[smithy.APIError](err); ok {
			return refusal.ErrorCode()
		}
		return ""
	}

	for range 2 { // The same again is no other version.
		if err := put("new"); err != nil {
			t.Fatal(err)
		}
	}
	if got := code(put("another")); got != "ResourceExistsException" {
		t.Errorf("a version was overwritten: %q", got)
	}
	if diff := cmp.Diff([]string{"AWSPENDING"}, stages(newVersion)); diff != "" {
		t.Errorf("a new version (-want +got)\n%s", diff)
	}
	if got := code(move("AWSCURRENT", newVersion, "")); got != "InvalidParameterException" {
		t.Errorf("a label was taken from a version that was not named: %q", got)
	}
	if got := code(move("AWSCURRENT", "22222222-1111-4111-8111-111111111111", firstVersion)); got != "ResourceNotFoundException" {
		t.Errorf("a label was given to nobody: %q", got)
	}
	if err := move("AWSCURRENT", newVersion, firstVersion); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"AWSPREVIOUS"}, {"AWSCURRENT", "AWSPENDING"}}, [][]string{stages(firstVersion), stages(newVersion)}); diff != "" {
		t.Errorf("after the move (-want +got)\n%s", diff)
	}
	_, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String("other"), SecretString: aws.String("x")})
	if got := code(err); got != "ResourceNotFoundException" {
		t.Errorf("a secret that is not there: %q", got)
	}
	if routes := s.Routes(); !slices.Contains(routes, fakedatadog.SecretsPut) || !slices.Contains(routes, fakedatadog.SecretsStage) {
		t.Errorf("routes %v", routes)
	}
}
