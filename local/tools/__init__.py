"""Programs that the local stack and the tests download: Chromium, DynamoDB Local, and npm packages in general."""
