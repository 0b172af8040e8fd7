/*
 * A device under test: the Realm Kotlin SDK, told what to do over stdin, answering on stdout, one JSON object a line.
 *
 *     -> {"id":1,"op":"signIn","baseUrl":"http://127.0.0.1:9080","appId":"x","directory":"/tmp/d1"}
 *     <- {"id":1,"ok":{"user":"..."}}
 *
 * A failed operation answers {"id":..,"error":{"name":..,"message":..}}. Sync errors and client resets happen without
 * being asked for; `events` hands over what happened since the last time. With ROS_DEVICE_LOG=debug the SDK's log goes
 * to stderr.
 */

import io.realm.kotlin.MutableRealm
import io.realm.kotlin.Realm
import io.realm.kotlin.RealmConfiguration
import io.realm.kotlin.internal.InternalConfiguration
import io.realm.kotlin.internal.interop.RealmCredentialsPointer
import io.realm.kotlin.internal.interop.RealmInterop
import io.realm.kotlin.internal.interop.RealmUserPointer
import io.realm.kotlin.internal.interop.sync.SyncError
import io.realm.kotlin.log.LogLevel
import io.realm.kotlin.log.RealmLog
import java.io.File
import java.io.PrintStream
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.system.exitProcess
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put

fun main() {
    val answers = System.out
    System.setOut(System.err) // the SDK logs to stdout
    RealmLog.setLevel(LogLevel.valueOf((System.getenv("ROS_DEVICE_LOG") ?: "warn").uppercase()))
    val device = Device()
    for (line in generateSequence(::readLine)) {
        val command = Json.parseToJsonElement(line).jsonObject
        answers.answer(command, device)
    }
    exitProcess(0) // the SDK's threads would keep the process alive
}

private fun PrintStream.answer(command: JsonObject, device: Device) {
    val answer = buildJsonObject {
        put("id", command["id"] ?: JsonNull)
        try {
            put("ok", device.run(command))
        } catch (e: Exception) {
            put("error", problem(e))
        }
    }
    println(answer)
    flush()
}

private fun problem(e: Exception) = buildJsonObject {
    put("name", (e as? AppException)?.error?.code?.description ?: e::class.simpleName)
    put("message", e.message)
}

/** One app on one device: signed in once, with any number of Realms open. */
private class Device {
    private lateinit var app: App
    private lateinit var user: RealmUserPointer
    private lateinit var directory: String
    private val realms = mutableMapOf<String, OpenRealm>()
    private val events = Events()

    fun run(command: JsonObject): JsonElement = when (val op = command.text("op")) {
        "signIn" -> signIn(command)
        "open" -> open(command)
        "close" -> done { realms.remove(command.realmName())?.realm?.close() }
        "write" -> done { write(command) }
        "read" -> read(command)
        "pause" -> done { command.session().pause() }
        "resume" -> done { command.session().resume() }
        "reconnect" -> done { app.reconnect() }
        "upload" -> done { command.session().waitForUpload(command.timeout()) }
        "download" -> done { command.session().waitForDownload(command.timeout()) }
        "events" -> events.take()
        else -> error("no operation $op")
    }

    private fun signIn(command: JsonObject): JsonElement {
        directory = command.text("directory")
        app = App(command.text("appId"), command.text("baseUrl"), directory)
        user = command["resume"]?.let { app.currentUser() } ?: app.signIn(credentials(command))
        return json { put("user", RealmInterop.realm_user_get_identity(user)) }
    }

    private fun credentials(command: JsonObject): RealmCredentialsPointer {
        command["jwt"]?.let { return RealmInterop.realm_app_credentials_new_jwt(it.jsonPrimitive.content) }
        val email = command["email"]?.jsonPrimitive?.content
            ?: return RealmInterop.realm_app_credentials_new_anonymous(false)
        val password = command.text("password")
        if (command["register"]?.jsonPrimitive?.boolean == true) app.register(email, password)
        return RealmInterop.realm_app_credentials_new_email_password(email, password)
    }

    private fun open(command: JsonObject): JsonElement {
        val partition = command.getValue("partition").toString()
        val file = "%08x.realm".format(partition.hashCode()) // as in every SDK, a partition has its own file
        val local = RealmConfiguration.Builder(setOf(Everything::class, Part::class, Piece::class)).directory(directory).name(file).build()
        val reset = ClientReset.valueOf(command["reset"]?.jsonPrimitive?.content ?: "MANUAL")
        val configuration = SyncConfiguration(local as InternalConfiguration, user, partition, reset, events)
        realms[command.realmName()] = OpenRealm(Realm.open(configuration))
        return json { put("path", File(local.path).canonicalPath) }
    }

    private fun write(command: JsonObject) = command.realm().writeBlocking {
        command.getValue("edits").jsonArray.forEach { edit(this, it.jsonObject) }
    }

    /** Reads inside a transaction that changes nothing: it sees the newest state, a plain query may not yet. */
    private fun read(command: JsonObject): JsonElement = command.realm().writeBlocking {
        val objects = query(Everything::class).find().sortedBy { it._id }.map { toJson(it, Everything::class) }
        cancelWrite()
        JsonArray(objects)
    }

    private fun JsonObject.realmName() = this["realm"]?.jsonPrimitive?.content ?: "default"

    private fun JsonObject.open() = realms[realmName()] ?: error("no Realm ${realmName()} is open")

    private fun JsonObject.realm() = open().realm

    private fun JsonObject.session() = open().session

    private fun JsonObject.timeout() = this["timeout"]?.jsonPrimitive?.long ?: 30_000
}

private class OpenRealm(val realm: Realm) {
    val session = Session(realm)
}

/** What happened without being asked for, until somebody asks. */
private class Events : SyncListener {
    private val queue = ConcurrentLinkedQueue<JsonObject>()

    override fun onError(error: SyncError) {
        queue += json {
            put("event", "error")
            put("name", error.errorCode.errorCode?.name)
            put("code", error.errorCode.errorCodeNativeValue)
            put("message", error.errorCode.message)
            put("fatal", error.isFatal)
            put("reset", error.isClientResetRequested)
            put("path", error.originalFilePath)
        }
    }

    override fun beforeReset() {
        queue += json { put("event", "beforeReset") }
    }

    override fun afterReset(recovered: Boolean) {
        queue += json {
            put("event", "afterReset")
            put("recovered", recovered)
        }
    }

    fun take() = JsonArray(generateSequence(queue::poll).toList())
}

/** One change: an object created, changed or deleted, or a collection at a path changed. */
private fun edit(realm: MutableRealm, edit: JsonObject) {
    val key = edit.text("_id")
    when (val change = edit.text("do")) {
        "create" -> assign(realm, realm.copyToRealm(Everything().apply { _id = key }), edit)
        "assign" -> assign(realm, existing(realm, key), edit)
        "delete" -> realm.delete(existing(realm, key))
        else -> {
            val path = edit.getValue("at").jsonArray
            collectionEdit(realm, existing(realm, key), path, change, edit)
        }
    }
}

private fun existing(realm: MutableRealm, key: String) = find(realm, key) ?: error("no object $key")

private fun assign(realm: MutableRealm, target: Everything, edit: JsonObject) {
    val properties = properties(Everything::class)
    edit["values"]?.jsonObject?.forEach { (name, value) -> set(target, properties.getValue(name), value, realm) }
}

private fun JsonObject.text(key: String) = getValue(key).jsonPrimitive.content

private fun json(build: JsonObjectBuilder.() -> Unit) = buildJsonObject(build)

private fun done(action: () -> Unit): JsonElement {
    action()
    return JsonNull
}
