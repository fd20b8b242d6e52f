"""What a request passes: routes, the call, answers, problem documents, the contract."""
