"""Stock-taking: opened, drawn by the log, counted blind by two, compared, answered, closed."""
