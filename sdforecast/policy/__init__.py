"""What a policy mix does against another, what it costs, how firm the ranking is, and which mix is best."""
