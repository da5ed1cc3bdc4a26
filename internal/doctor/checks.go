package doctor

// checks is the list of all checks, in the order in which somebody would look.
var checks = []check{
	{name: "folder", look: lookFolder},
	{name: "permissions", needs: []string{"folder"}, look: lookModes},
	{name: "sealing key", needs: []string{"folder"}, look: lookKEK},
	{name: "disk", needs: []string{"folder"}, look: lookDisk},
	{name: "database", needs: []string{"folder"}, look: lookDatabase},
	{name: "engine files", needs: []string{"folder"}, look: lookFiles},
	{name: "fence", needs: []string{"database"}, look: lookFence},
	{name: "own log", needs: []string{"database"}, look: lookOwnLog},
	{name: "exchange", look: lookExchange},
	{name: "certificate", needs: []string{"exchange"}, look: lookCertificate},
	{name: "clock", needs: []string{"exchange"}, look: lookClock},
	{name: "key", needs: []string{"exchange"}, look: lookKey},
	{name: "rights", needs: []string{"key"}, look: lookRights},
	{name: "log key", needs: []string{"exchange"}, look: lookLogKey},
	{name: "log", needs: []string{"database"}, look: lookLog},
	{name: "lease", needs: []string{"database"}, look: lookLease},
	{name: "acknowledgements", needs: []string{"database"}, look: lookAcks},
	{name: "version", needs: []string{"key"}, look: lookVersion},
	{name: "engine", look: lookEngine},
}

// The fixes, each what somebody can do at once.
const (
	fixFolder      = "make one with lantern agent init, or name it with --dir"
	fixModes       = "chmod 700 the folder and chmod 600 the file, as the user the agent runs as"
	fixKEK         = "bring the file back from your backup of the keys; without it make the agent anew in an empty folder"
	fixDisk        = "free space, or move the folder to a larger disk: what is withdrawn is only gone once the file was rewritten beside itself"
	fixDatabase    = "end the agent and start it again: it mends what can be read, and its status names what cannot; if it does not start, move agent.db and its -wal and -shm away, bring your backup back or start without: the feeds are loaded anew, hits and cases are not"
	fixGone        = "end the agent, bring your backup of data/ back or start without one: the feeds are loaded anew, hits, cases and decisions are not"
	fixOwnLog      = "find out who changes the database, and hold the log against its anchors (lantern audit own --anchors FILE); a backup of data/ from before has it whole, and the exchange notes that you brought one in"
	fixLost        = "nothing, if you can do without these entries; a backup of data/ from before the damage has them, and lacks what was decided since"
	fixFence       = "start the agent (again) and let it reach the exchange: it reads every feed anew, matches nothing until that is done, and makes the file itself; bring no older keys/fence back"
	fixBack        = "let the agent run and reach the exchange until its status says ok; decide again what the lost part had decided"
	fixName        = "check the address with --exchange, and this machine's name server"
	fixUnreachable = "check the address and port with --exchange, and that a firewall lets this machine out to it"
	fixNotExchange = "check the address with --exchange: something else answers there"
	fixExpired     = "tell the operator of the exchange to renew its certificate; until then nothing is received"
	fixAuthority   = "install the certificate of the authority that issued it in this machine's store, or check that the address is the exchange's"
	fixHost        = "use the name the certificate was issued for in --exchange"
	fixTLS         = "check that the address is one of https, and that nothing between this machine and the exchange opens the connection"
	fixSoon        = "tell the operator of the exchange to renew its certificate"
	fixClock       = "let this machine's clock follow a time server (timedatectl set-ntp true)"
	fixKeyFile     = "put the key of a service of your organisation into the file, one line, mode 600"
	fixKey         = "have a key issued for the agent's service (lantern exchange key issue SERVICE --scope read --scope respond --to FILE) and copy it with lantern agent init --key-file FILE"
	fixMemberKey   = "have a key issued for a service of the member whose agent this is, or make an agent of its own for this one"
	fixPerson      = "give the agent the key of a service: a person's lets whoever reads the folder decide and attest in that person's name"
	fixScopes      = "issue a key with --scope read --scope respond"
	fixProgram     = "ask the operator of the exchange to let your organisation join a program"
	fixMember      = "ask the operator of the exchange; corrections still arrive"
	fixRotate      = "replace the key in time: lantern exchange key rotate"
	fixLogKey      = "do not go on before you know why: ask the operator of the exchange by another way for the key of its log"
	fixFault       = "ask the operator what happened; if the exchange went back to a backup: lantern agent accept-restore, else make the agent anew"
	fixLease       = "start the agent, and see what exchange and key say above"
	fixAcks        = "start the agent and see what exchange and key say above; acknowledgements are sent by themselves"
	fixVersion     = "bring this program up to date"
	fixRun         = "start it: lantern agent run; or name its address with --agent"
	fixToken       = "name the file agent.token in the agent's data folder with --token-file"
	fixFiles       = "a running agent makes them anew within two minutes, and so does a start; if it comes again, replace the disk"
	fixEngine      = "see what is said above, and the agent's own log"
)
